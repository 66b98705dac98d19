import { definePlugin } from "../../core/index.ts";
import { type ServerFamily, serverOptions, useServer } from "../upstream-http/index.ts";

/** The server is unknown, so all quirks have their defaults. */
const family: ServerFamily = { name: "openai-compatible", quirks: {} };

/** Any model server that speaks OpenAI's chat completions. */
export const openaiCompatible = definePlugin({
  name: "upstream-openai-compatible",
  options: serverOptions,
  setup: (vr, options) => useServer(vr, family, options),
});

export default openaiCompatible;
