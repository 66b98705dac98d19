import { definePlugin } from "../../core/index.ts";
import { type ServerFamily, serverOptionsAt, useServer } from "../upstream-http/index.ts";

/** How llama.cpp differs. The sources of each line are in README.md. */
const family: ServerFamily = {
  name: "llama-cpp",
  quirks: {
    files: false,
    forcedFunction: "required",
    parallelToolCalls: "as-given",
    logprobsInToolStreams: false,
    reasoningEffort: "both",
    rootUnions: "keep",
    untypedSchemas: "all-types",
    cutAnswers: "completed",
    nativeParameters: { "text.format": "refuse" },
    passExtra: [
      ...["top_k", "min_p", "seed", "stop", "repetition_penalty", "chat_template_kwargs", "logit_bias"],
      "ignore_eos",
    ],
    extraNames: { repetition_penalty: "repeat_penalty" },
    passthrough: [],
  },
};

/** llama.cpp's server, `llama-server`. */
export const llamaCpp = definePlugin({
  name: "upstream-llama-cpp",
  options: serverOptionsAt("http://127.0.0.1:8080/v1"),
  setup: (vr, options) => useServer(vr, family, options),
});

export default llamaCpp;
