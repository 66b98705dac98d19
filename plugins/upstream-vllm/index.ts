import { definePlugin } from "../../core/index.ts";
import { type ServerFamily, serverOptionsAt, useServer } from "../upstream-http/index.ts";

/** How vLLM differs. The sources of each line are in README.md. */
const family: ServerFamily = {
  name: "vllm",
  quirks: {
    maxTokens: "max_completion_tokens",
    reasoningField: "reasoning",
    files: false,
    rootUnions: "keep",
    strictTools: "unless-false",
    passExtra: [
      ...["top_k", "min_p", "seed", "stop", "repetition_penalty", "chat_template_kwargs", "logit_bias"],
      ...["ignore_eos", "priority", "cache_salt"],
    ],
    nativePenalties: true,
    passthrough: [],
  },
};

/** A vLLM server. */
export const vllm = definePlugin({
  name: "upstream-vllm",
  options: serverOptionsAt("http://127.0.0.1:8000/v1"),
  setup: (vr, options) => useServer(vr, family, options),
});

export default vllm;
