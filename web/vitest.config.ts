// The unit tests: beside what they test, without a browser.

import { defineConfig } from "vitest/config";
import { departmentsModule } from "./build/departments.ts";

export default defineConfig({
  root: import.meta.dirname,
  plugins: [departmentsModule()],
  test: {
    include: ["src/**/*.test.ts", "build/**/*.test.ts"],
    env: { TZ: "America/Guatemala" },
  },
});
