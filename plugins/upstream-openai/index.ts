import { definePlugin } from "../../core/index.ts";
import { type ServerFamily, serverOptionsAt, useServer } from "../upstream-http/index.ts";

/** How OpenAI's chat completions differ. The sources of each line are in README.md. */
const family: ServerFamily = {
  name: "openai",
  quirks: {
    developerRole: "keep",
    systemMessages: "keep",
    maxTokens: "max_completion_tokens",
    thinkTags: false,
    toolsWithNone: true,
    sendReasoning: "never",
    parameters: { "text.verbosity": "send" },
    // `metadata` is missing, since OpenAI refuses it unless it stores the answer.
    passthrough: [
      "user",
      "safety_identifier",
      "service_tier",
      "prompt_cache_key",
      "prompt_cache_retention",
      "prompt_cache_options",
    ],
  },
};

/** OpenAI's own models. The key is `apiKey`, by default `OPENAI_API_KEY`. */
export const openai = definePlugin({
  name: "upstream-openai",
  options: serverOptionsAt("https://api.openai.com/v1"),
  setup(vr, options) {
    const apiKey = options.apiKey ?? (process.env.OPENAI_API_KEY?.trim() || undefined);
    useServer(vr, family, { ...options, apiKey });
  },
});

export default openai;
