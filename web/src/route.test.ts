// Addresses.

import { expect, test } from "vitest";
import { hashOf, parseRoute } from "./route.ts";

test("addresses lead to views", () => {
  for (const hash of ["", "#", "#/"]) expect(parseRoute(hash)).toEqual({ view: "overview" });
  expect(parseRoute("#/m/chinautla")).toEqual({ view: "municipality", slug: "chinautla" });
  expect(parseRoute("#/m/Amatitl%C3%A1n/")).toEqual({ view: "municipality", slug: "Amatitlán" });
  for (const hash of ["#/m/", "#/x", "#/m/a/b", "#/m/%"]) {
    expect(parseRoute(hash)).toEqual({ view: "unknown" });
  }
});

test("a municipality's address leads back to it", () => {
  for (const slug of ["chinautla", "a b/c%", "ñ"]) {
    expect(parseRoute(hashOf(slug))).toEqual({ view: "municipality", slug });
  }
});
