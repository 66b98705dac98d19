import { definePlugin } from "../../core/index.ts";
import { type ServerFamily, serverOptions, useServer } from "../upstream-http/index.ts";

/** Nothing is known of the server: all quirks are their defaults. */
const family: ServerFamily = { name: "openai-compatible", quirks: {} };

/** Any model server that speaks OpenAI's chat completions. */
export const openaiCompatible = definePlugin({
  name: "upstream-openai-compatible",
  options: serverOptions,
  setup: (vr, options) => useServer(vr, family, options),
});

export default openaiCompatible;
