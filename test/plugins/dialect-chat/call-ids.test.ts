import { expect, it } from "vitest";
import { NineCharacterIds } from "../../../plugins/dialect-chat/call-ids.ts";
import { call, convert, output, user } from "./converting.ts";

const NINE = /^[a-zA-Z0-9]{9}$/;
const idsOf = (items: NonNullable<Parameters<typeof convert>[0]["items"]>) =>
  convert({ items }, { callIds: "nine-characters" }).messages.flatMap((message) => [
    ...(message.tool_calls ?? []).map(({ id }) => id),
    ...(message.tool_call_id === undefined ? [] : [message.tool_call_id]),
  ]);

it("ids are nine letters and digits, the same for a call and its output", () => {
  const [first, second, ...outputs] = idsOf([
    call("call_0123456789abcdef", "f", 0),
    call("b", "f", 0),
    output("b", "2"),
    output("call_0123456789abcdef", "1"),
  ]);
  expect([first, second]).toEqual([expect.stringMatching(NINE), expect.stringMatching(NINE)]);
  expect(outputs).toEqual([first, second]);
  expect(first).not.toBe(second);
});

it("one that is so already stays", () => {
  expect(idsOf([call("D681PevKs", "f"), output("D681PevKs", "1")])).toEqual(["D681PevKs", "D681PevKs"]);
});

it("a call keeps its id while the conversation grows", () => {
  const begun = [user("hi"), call("call_a", "f", 0), output("call_a", "1")];
  const [id] = idsOf(begun);
  expect(idsOf([...begun, call("call_b", "f", 1), output("call_b", "2")]).slice(0, 2)).toEqual([id, id]);
  expect(idsOf([user("hi"), call("call_a", "f"), output("call_a", "1")])).toEqual([id, id]);
});

it("ids that come again in later turns are told apart", () => {
  const [first, one, second, two] = idsOf([
    call("0", "f", 0),
    output("0", "a"),
    call("0", "f", 1),
    output("0", "b"),
  ]);
  expect([one, two]).toEqual([first, second]);
  expect(first).not.toBe(second);
});

it("one that looks like what another has become is made anew", () => {
  const ids = new NineCharacterIds();
  const taken = ids.ofCall("call_a");
  const other = ids.ofCall(taken);
  expect(other).toMatch(NINE);
  expect(other).not.toBe(taken);
  expect([ids.ofLoneOutput("call_a"), ids.ofLoneOutput(taken)]).toEqual([taken, other]);
});

it("one that comes very often takes no longer than its number", () => {
  const ids = new NineCharacterIds();
  const made = Array.from({ length: 30_000 }, () => ids.ofCall("0"));
  expect(new Set(made).size).toBe(30_000);
  expect(ids.ofLoneOutput("0")).toBe(made.at(-1));
});

it("strange ones are no trouble", () => {
  const strange = ["", " ", "é".repeat(9), "a".repeat(100_000), "\ud800", "call id\n", "123456789"];
  const ids = new NineCharacterIds();
  const made = strange.map((id) => ids.ofCall(id));
  for (const id of made) expect(id).toMatch(NINE);
  expect(new Set(made).size).toBe(strange.length);
});

it("as they came unless the quirk says otherwise", () => {
  const { messages } = convert({ items: [call("call_a", "f"), output("call_a", "1")] });
  expect(messages.map(({ tool_call_id }) => tool_call_id)).toEqual([undefined, "call_a"]);
});
