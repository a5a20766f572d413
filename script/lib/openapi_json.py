"""Converts the contract, api/openapi.yaml, to the JSON that the server embeds. For the build."""

import json
import sys

import yaml


def main() -> None:
    source, target = sys.argv[1:]
    with open(source, encoding="utf-8") as file:
        contract = yaml.safe_load(file)
    with open(target, "w", encoding="utf-8") as file:
        json.dump(contract, file, ensure_ascii=False, separators=(",", ":"))


if __name__ == "__main__":
    main()
