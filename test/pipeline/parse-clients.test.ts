import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parseRequest } from "../../core/pipeline/parse.ts";

const folder = new URL("../fixtures/requests/", import.meta.url);
const body = (name: string) => JSON.parse(readFileSync(new URL(`${name}.json`, folder), "utf8"));
const names = readdirSync(folder).map((file) => file.replace(".json", ""));

/** What these ask for is not built yet: Codex gets a 400 that says so. */
const REFUSED: Record<string, string> = {
  "codex-namespace": "tools[2].type",
  "codex-custom": "tools[3].type",
};

describe("requests of real clients", () => {
  it.each(names.filter((name) => !(name in REFUSED)))("takes %s and leaves its items as they are", (name) => {
    const sent = body(name);
    const request = parseRequest(sent);
    expect(request.input).toEqual(body(name).input);
    expect(request.stream).toBe(sent.stream ?? false);
    expect(request.tools).toHaveLength(sent.tools?.length ?? 0);
  });

  it.each(Object.entries(REFUSED))("refuses %s, naming %s", (name, param) => {
    expect(() => parseRequest(body(name))).toThrow(expect.objectContaining({ param, status: 400 }));
  });

  it("warns only of what Codex adds to the API", () => {
    const unknown = names
      .filter((name) => !(name in REFUSED))
      .map((name) => [name, Object.keys(parseRequest(body(name)).extra ?? {})]);
    expect(unknown.filter(([, list]) => list?.length)).toEqual([["codex", ["client_metadata"]]]);
  });

  it("reads the quickstart as it is printed", () => {
    const request = parseRequest(body("quickstart-stream"));
    expect(request).toEqual({
      model: "meta-llama/Llama-3.2-3B-Instruct",
      input: [{ role: "user", content: "Calculate the factorial of 5" }],
      stream: true,
      tools: [{ type: "code_interpreter" }],
      tool_choice: "auto",
      include: new Set(["code_interpreter_call.outputs"]),
      store: true,
      metadata: {},
    });
  });

  it("sends the same from curl and from the SDK", () => {
    expect(body("quickstart-sdk")).toEqual(body("quickstart-stream"));
  });
});
