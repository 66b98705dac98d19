import { definePlugin } from "vr-gateway";

/** A word of Python that starts processes or reaches for the network. */
const REACHES_OUT = /\b(subprocess|os\.system|socket|urllib|requests)\b/;

/** Keeps the code interpreter from such code, and tells the model why. */
export const guardCode = definePlugin({
  name: "guard-code",
  setup(vr) {
    vr.hooks.onToolCall.tap(({ tool, arguments: { code } }) => {
      if (tool.label !== "code-interpreter") return;
      const word = REACHES_OUT.exec(String(code))?.[0];
      if (word) return { kind: "deny", reason: `code may not use ${word}` };
      // Answers instead of the tool, without running anything:
      if (code === "print(6 * 7)") return { kind: "output", output: "42" };
    });
  },
});
