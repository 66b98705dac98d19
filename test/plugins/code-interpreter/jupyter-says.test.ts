import { describe, expect, it } from "vitest";
import { parseMessage } from "../../../plugins/code-interpreter/jupyter/messages.ts";
import { Outputs } from "../../../plugins/code-interpreter/jupyter/outputs.ts";
import { readAnswer } from "../../../plugins/code-interpreter/jupyter/python-side.ts";
import { isInside, toFiles } from "../../../plugins/code-interpreter/jupyter/session-files.ts";

function shown(...messages: [type: string, content: Record<string, unknown>][]) {
  const seen: string[][] = [];
  const watch: string[] = [];
  const sink = {
    text: (stream: string, text: string) => void seen.push([stream, text]),
    cut() {},
    image: (type: string, base64: string) => void seen.push([type, base64]),
  };
  const outputs = new Outputs(sink, 20, {
    flooded: () => void watch.push("flooded"),
    dropped: () => void watch.push("dropped"),
  });
  for (const [type, content] of messages) outputs.take({ channel: "iopub", type, parent: "p", content });
  return { seen, watch };
}

describe("what a kernel shows", () => {
  it("is the image of a figure in place of its text, without the line breaks of its base64", () => {
    const data = { "text/plain": "<Figure>", "image/png": "iVBO\nRw0K\n" };
    expect(shown(["display_data", { data }]).seen).toEqual([["image/png", "iVBORw0K"]]);
  });

  it("is text where the image is none", () => {
    const data = { "text/plain": "7", "image/png": "<script>" };
    expect(shown(["execute_result", { data }]).seen).toEqual([["result", "7"]]);
    expect(shown(["update_display_data", { data }]).seen).toEqual([["stdout", "7\n"]]);
  });

  it("is a traceback without colours, or the name of the error", () => {
    const traceback = ["\u001b[0;31mValueError\u001b[0m", "\u001b[1;32mline 1\u001b[0m"];
    expect(shown(["error", { traceback }]).seen).toEqual([["traceback", "ValueError\nline 1\n"]]);
    expect(shown(["error", { ename: "E", evalue: "v", traceback: 7 }]).seen).toEqual([
      ["traceback", "E: v\n"],
    ]);
  });

  it("is bounded: the flood is told once", () => {
    const line = ["stream", { name: "stdout", text: "x".repeat(15) }] satisfies [string, object];
    expect(shown(line).watch).toEqual([]);
    expect(shown(line, line, line).watch).toEqual(["flooded"]);
  });

  it("is a gap where the server says that it dropped outputs", () => {
    const text = "IOPub data rate exceeded.\nThe Jupyter server will …";
    const { seen, watch } = shown(["stream", { name: "stderr", text }]);
    expect(seen).toEqual([["stderr", expect.stringContaining("dropped output here")]]);
    expect(watch).toContain("dropped");
  });

  it("may be anything: what has no sense is left out", () => {
    expect(shown(["display_data", {}], ["stream", { text: 7 }], ["clear_output", {}]).seen).toEqual([
      ["stdout", ""],
    ]);
    for (const text of ["", "[]", "7", "null", '{"channel":"iopub"}', '{"header":{"msg_type":1}}'])
      expect(parseMessage(text)).toBeUndefined();
  });
});

describe("what a kernel says of its files", () => {
  const said = (...fields: (string | number)[]) => toFiles(Buffer.from(fields.join("\0")), 10);

  it("is taken as far as it can be true", () => {
    expect(
      said("a/b.txt", 5, 1.5, "../up", 1, 1, "/etc/passwd", 1, 1, "c", -1, 1, "d", "many", 1, "e", 1),
    ).toEqual([{ path: "a/b.txt", bytes: 5, modifiedAt: 1.5 }]);
    expect(said("")).toEqual([]);
  });

  it.each(["", "/a", "a/", "a//b", ".", "a/../b", "a\\b", "a\0b", "x".repeat(5000)])(
    "has no path %j",
    (path) => {
      expect(isInside(path)).toBe(false);
    },
  );

  it("is refused when it is no answer", () => {
    expect(readAnswer("'=aGk='")).toEqual({ kind: "data", data: Buffer.from("hi") });
    for (const repr of ["", "aGk=", "'aGk='", "'=a G'", '"=aGk="', "'!other'"])
      expect(readAnswer(repr)).toBeUndefined();
  });
});
