import { definePlugin } from "vr-gateway";

/** A tool that every model sees and the gateway runs. Models count badly. */
export const wordCount = definePlugin({
  name: "word-count",
  setup(vr) {
    vr.tools.add({
      name: "count_words",
      description: "Counts the words of a text.",
      parameters: {
        type: "object",
        properties: { text: { type: "string", description: "The text, word for word." } },
        required: ["text"],
        additionalProperties: false,
      },
      execute({ text }) {
        if (typeof text !== "string") return { kind: "error", message: "text must be a string" };
        const words = text.match(/[\p{L}\p{N}]+(?:['’-][\p{L}\p{N}]+)*/gu) ?? [];
        return { kind: "output", output: String(words.length) };
      },
    });
  },
});
