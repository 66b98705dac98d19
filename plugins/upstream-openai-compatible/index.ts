import { definePlugin } from "../../core/index.ts";
import { createOpenAICompatible } from "./openai-compatible.ts";
import { optionsSchema } from "./options.ts";

export { createOpenAICompatible, type OpenAICompatible } from "./openai-compatible.ts";
export type { OpenAICompatibleOptions } from "./options.ts";

/** Any model server that speaks OpenAI's chat completions. */
export const openaiCompatible = definePlugin({
  name: "upstream-openai-compatible",
  options: optionsSchema,
  setup(vr, options) {
    const upstream = createOpenAICompatible(options);
    vr.upstreams.add(upstream);
    vr.onClose(() => upstream.close());
  },
});

export default openaiCompatible;
