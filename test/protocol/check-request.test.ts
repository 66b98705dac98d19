import { describe, expect, it } from "vitest";
import { z } from "zod";
import { checkRequest } from "../../core/protocol/check-request.ts";

const schema = z.strictObject({
  name: z.string().min(1).max(8).optional(),
  count: z.int().min(1).optional(),
  share: z.number().gt(0).lt(1).optional(),
  order: z.enum(["asc", "desc"]).default("desc"),
  list: z.array(z.strictObject({ id: z.string() })).optional(),
  choice: z.union([z.string(), z.boolean()], { error: "expected a name, or a flag" }).optional(),
  token: z.string().optional(),
});

function refusal(value: unknown, options?: Parameters<typeof checkRequest>[2]) {
  try {
    checkRequest(schema, value, options);
  } catch (error) {
    const { status, param, message } = error as { status: number; param: string; message: string };
    return { status, param, message };
  }
  return undefined;
}

describe("what a client sent", () => {
  it("is given back with the schema's defaults", () => {
    expect(checkRequest(schema, { name: "a" })).toEqual({ name: "a", order: "desc" });
  });

  it.each([
    [{ name: 3 }, "name", 'Invalid "name": expected a string, got 3.'],
    [{ name: "" }, "name", 'Invalid "name": expected a string that is not empty, got an empty one.'],
    [{ name: "123456789" }, "name", 'Invalid "name": expected at most 8 characters, got 9.'],
    [{ count: 0 }, "count", 'Invalid "count": expected a number of at least 1, got 0.'],
    [{ count: 1.5 }, "count", 'Invalid "count": expected an integer, got 1.5.'],
    [{ share: 0 }, "share", 'Invalid "share": expected a number of more than 0, got 0.'],
    [{ share: 1 }, "share", 'Invalid "share": expected a number of less than 1, got 1.'],
    [{ order: "up" }, "order", 'Invalid "order": expected one of "asc", "desc", got "up".'],
    [
      { list: [{ id: "a" }, { id: null }] },
      "list[1].id",
      'Invalid "list[1].id": expected a string, got null.',
    ],
    [{ list: [{ id: "a", idd: 1 }] }, "list[0]", 'Invalid "list[0]": unknown key "idd".'],
    [{ choice: [] }, "choice", 'Invalid "choice": expected a name, or a flag, got an array.'],
    [{ nme: "a" }, null, 'Invalid request: unknown key "nme".'],
    [[], null, "Invalid request: expected an object, got an array."],
    [null, null, "Invalid request: expected an object, got null."],
  ])("%j is refused with what was expected and what came", (value, param, message) => {
    expect(refusal(value)).toEqual({ status: 400, param, message });
  });

  it("is named by its place in the request", () => {
    expect(refusal({ list: [3] }, { path: "container" })).toMatchObject({
      param: "container.list[0]",
      message: 'Invalid "container.list[0]": expected an object, got 3.',
    });
    expect(refusal(3, { path: "container" })).toMatchObject({ param: "container" });
  });

  it("is not shown where it may be secret", () => {
    expect(refusal({ token: 12345 }, { secret: ["token"] })?.message).toBe(
      'Invalid "token": expected a string.',
    );
  });
});
