import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { generateTypes } from "./generate-types.ts";

it("core/protocol/wire.ts is what `npm run types` writes", () => {
  const written = readFileSync(new URL("../../core/protocol/wire.ts", import.meta.url), "utf8");
  expect(written === generateTypes(), "run `npm run types`").toBe(true);
});
