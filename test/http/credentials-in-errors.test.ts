import { describe, expect, it, onTestFinished } from "vitest";
import { UpstreamError } from "../../core/index.ts";
import { openaiCompatible } from "../../plugins/upstream-openai-compatible/index.ts";
import { plugin } from "../helpers/both-ways.ts";
import { createChatServer, json } from "../helpers/chat-server.ts";
import { startInProcess } from "../helpers/in-process.ts";
import { calls, says, scripted } from "../helpers/scripted.ts";

const SAID = "cannot reach https://me:s3cret@db.example/v1?api_key=s3cret with Bearer s3cret";

/** A server that tells where it failed. */
async function talkative() {
  const server = await createChatServer({ first: json({ error: { message: SAID } }, 400) });
  server.replyModels(json({ error: { message: SAID } }, 500));
  onTestFinished(() => server.close());
  return openaiCompatible({ baseUrl: server.url, retries: 0 });
}

/** A plugin that repeats what its own server said, also as the cause of an error. */
const careless = plugin("careless", ({ upstreams }) => {
  const fail = () => {
    throw new UpstreamError(502, SAID, { cause: new Error(SAID) });
  };
  upstreams.add({
    name: "careless",
    description: "fails",
    stream: fail,
    models: fail,
    defaultModel: () => "m",
    check: fail,
  });
});

describe.each([
  ["a model server", talkative],
  ["a plugin", async () => careless],
])("credentials that %s tells in its errors", (_, make) => {
  it("are cut out of /ready, /v1/models, errors and the log", async () => {
    const vr = await startInProcess({ plugins: [await make()] });
    const answers = [
      await (await fetch(`${vr.url}/ready`)).text(),
      await (await fetch(`${vr.url}/v1/models`)).text(),
      JSON.stringify((await vr.post({ model: "m" })).error),
      JSON.stringify((await vr.stream({ model: "m" })).error),
    ];
    for (const answer of answers) expect(answer).toContain("db.example");
    expect(answers.join()).not.toContain("s3cret");
    expect(JSON.stringify(vr.log)).not.toContain("me:s3cret");
  });
});

it("credentials that a tool throws are cut out of what client and model are told", async () => {
  const model = scripted(calls(["look", {}]), says("Well."));
  const look = plugin("shelf", ({ tools }) =>
    tools.add({
      name: "look",
      parameters: { type: "object", properties: {} },
      execute: () => {
        throw new Error(SAID);
      },
    }),
  );
  const { events } = await (await startInProcess({ plugins: [model, look] })).stream();
  for (const told of [JSON.stringify(events), JSON.stringify(model.requests)]) {
    expect(told).toContain("db.example");
    expect(told).not.toContain("s3cret");
  }
});
