import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { type InFrontOf, TOOLS } from "./in-front-of.ts";

const strict = { ...TOOLS[0], strict: true };
const schema = {
  type: "object",
  properties: { name: { type: "string" } },
  required: ["name"],
  additionalProperties: false,
};
const content = (part: object) => ({ input: [{ role: "user", content: [part] }] });

/** A request that asks for it; for every row that a family's table must have. */
const ASKING: Record<string, object> = {
  max_output_tokens: { max_output_tokens: 99 },
  temperature: { temperature: 0.5 },
  top_p: { top_p: 0.5 },
  frequency_penalty: { frequency_penalty: 0.5 },
  presence_penalty: { presence_penalty: 0.5 },
  top_logprobs: { top_logprobs: 2, include: ["message.output_text.logprobs"] },
  tool_choice: { tools: TOOLS, tool_choice: "required" },
  "tool_choice of one function": {
    tools: TOOLS,
    tool_choice: { type: "function", name: "get_time" },
  },
  parallel_tool_calls: { tools: TOOLS, parallel_tool_calls: false },
  "tools.strict": { tools: [strict] },
  "reasoning.effort": { reasoning: { effort: "high" } },
  'reasoning.effort "minimal"': { reasoning: { effort: "minimal" } },
  "text.format": { text: { format: { type: "json_schema", name: "person", schema } } },
  "text.verbosity": { text: { verbosity: "low" } },
  "images by URL": content({ type: "input_image", image_url: "https://example.com/a.png" }),
  "images as data": content({ type: "input_image", image_url: "data:image/png;base64,AA==" }),
  files: content({ type: "input_file", filename: "a.pdf", file_data: "data:application/pdf;base64,AA==" }),
  metadata: { metadata: { a: "b" } },
  user: { user: "ada" },
  safety_identifier: { safety_identifier: "ada" },
  service_tier: { service_tier: "flex" },
  prompt_cache_key: { prompt_cache_key: "key" },
};

/** What becomes of what a client asks for, as the family's README has it. */
export function describeParameters(inFront: InFrontOf): void {
  const { family, start } = inFront;
  const readme = readFileSync(new URL(`../../plugins/${family.folder}/README.md`, import.meta.url), "utf8");
  const rows = new Map(
    [...readme.matchAll(/^\| (.+?) +\| (sent|not sent|left out|refused)\b(?: as `(.+?)`)?/gm)].map(
      ([, name, fate, as]) => [name?.replaceAll("`", ""), { fate, as }],
    ),
  );

  describe(`parameters: plugins/${family.folder}/README.md`, () => {
    it("names them all", () => expect([...rows.keys()]).toEqual(Object.keys(ASKING)));

    it.each(Object.entries(ASKING))("%s", async (name, asking) => {
      const vr = await start();
      const { fate, as } = rows.get(name) ?? {};
      const ordinary = { tools: TOOLS, input: "hello" };
      for (const answer of [await vr.post(asking), await vr.stream(asking)]) {
        const warning = answer.headers.get("x-vr-warning");
        expect(answer.status).toBe(fate === "refused" ? 400 : 200);
        if (fate === "refused") expect(answer.error.param).toMatch(/^(input|tool_choice|text|tools)/);
        else if (fate === "left out") expect(warning).toContain(name.split(" ")[0]);
        else expect(warning).toBeNull();
      }
      const sent = inFront.server.requests.map(({ raw }) => raw);
      expect(sent).toHaveLength(fate === "refused" ? 0 : 2);
      for (const raw of sent) {
        if (as !== undefined) expect(raw).toContain(as);
        if (fate === "not sent") expect(raw).not.toContain(`"${name}":`);
      }
      // Who does not ask for it is neither refused nor told.
      const unasked = await vr.post(ordinary);
      expect([unasked.status, unasked.headers.get("x-vr-warning")]).toEqual([200, null]);
      const last = inFront.server.requests.at(-1)?.raw;
      if (as !== undefined) expect(last).not.toContain(as);
    });
  });
}
