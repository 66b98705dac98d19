import { expect, it } from "vitest";
import { Output } from "../../../plugins/code-interpreter/pyodide/child/output.ts";

/** The output of an execution that has run for a while; `at` sets its clock, in milliseconds. */
function printing() {
  const sent: string[] = [];
  let now = 1_000;
  const output = new Output(
    (message) => sent.push(message.type === "text" ? message.text : message.type),
    () => now,
  );
  output.start(1_000);
  const at = (ms: number) => {
    now = ms;
    output.tick();
  };
  return { sent, at, write: (text: string) => output.write("stdout", Buffer.from(text)) };
}

it("sends a line with its line feed, which print writes apart, whenever it is looked after", () => {
  const { sent, at, write } = printing();
  write("in");
  at(1_001);
  write("\n");
  expect(sent).toEqual(["in\n"]);
});

it("keeps lines for company for 20 ms, and so much of a line that does not end", () => {
  const { sent, at, write } = printing();
  write("one\n");
  write("two\n");
  write("three\n");
  at(1_019);
  expect(sent).toEqual(["one\n"]);
  at(1_020);
  write("50 %");
  at(1_039);
  expect(sent).toEqual(["one\n", "two\nthree\n"]);
  at(1_040);
  expect(sent).toEqual(["one\n", "two\nthree\n", "50 %"]);
});
