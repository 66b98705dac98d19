import { describe, expect, it } from "vitest";
import { startInProcess } from "../helpers/in-process.ts";
import { says, scripted } from "../helpers/scripted.ts";

const WHY = "this gateway keeps no responses, since no plugin of its configuration is a store";
const turns = (n: number) => Array.from({ length: n }, () => says("noon"));
const without = (n = 1) => startInProcess({ plugins: [scripted(...turns(n))], store: null });
const warningOf = ({ headers }: { headers: Headers }) => headers.get("x-vr-warning");

describe("a gateway without a store", () => {
  it("warns each client that wants its response kept, as is the default, and the log once", async () => {
    const vr = await without(3);
    const answers = [await vr.post(), await vr.stream(), await vr.post({ store: true })];
    for (const answer of answers) expect(warningOf(answer)).toBe(`"store": true has no effect: ${WHY}`);
    const lines = vr.log.filter(({ message }) => message.includes(WHY));
    expect(lines).toEqual([{ level: "warn", fields: {}, message: `"store": true has no effect: ${WHY}` }]);
  });

  it("does not warn who asked for nothing else", async () => {
    const vr = await without();
    expect(warningOf(await vr.post({ store: false }))).toBeNull();
    expect(vr.log.filter(({ message }) => message.includes(WHY))).toEqual([]);
  });

  it("says with other warnings", async () => {
    const vr = await without();
    expect(warningOf(await vr.post({ tools: [{ type: "web_search" }] }))).toMatch(
      /no effect: .*; tools\[0\] was left out/,
    );
  });

  it("tells a follow-up why its response is not found", async () => {
    const vr = await without();
    const { response } = await vr.post();
    const { status, error } = await vr.post({ previous_response_id: response.id });
    expect(status).toBe(400);
    expect(error).toMatchObject({
      code: "previous_response_not_found",
      param: "previous_response_id",
      message: `Previous response with id "${response.id}" not found: ${WHY}.`,
    });
  });

  it("says so of references to items, and where a response is asked for or deleted", async () => {
    const vr = await without();
    const { response } = await vr.post();
    const item = response.output[0] as { id: string };
    const referred = await vr.post({ input: [{ type: "item_reference", id: item.id }] });
    expect(referred.error.message).toBe(`Item with id "${item.id}" not found: ${WHY}.`);
    const gone = `Response with id "${response.id}" not found: ${WHY}.`;
    const url = `${vr.url}/v1/responses/${response.id}`;
    for (const [path, method] of [
      ["", "GET"],
      ["/input_items", "GET"],
      ["", "DELETE"],
    ]) {
      const res = await fetch(`${url}${path}`, { method: method as string });
      expect(res.status).toBe(404);
      expect(await res.json()).toMatchObject({ error: { code: "response_not_found", message: gone } });
    }
  });
});

it("a gateway with a store warns of nothing, and what it does not find has no such reason", async () => {
  const vr = await startInProcess({ plugins: [scripted(...turns(1))] });
  const answer = await vr.post();
  expect(warningOf(answer)).toBeNull();
  const { error } = await vr.post({ previous_response_id: `resp_${"0".repeat(48)}` });
  expect(error.message).toBe(`Previous response with id "resp_${"0".repeat(48)}" not found.`);
});
