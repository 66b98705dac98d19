import { defineConfig, definePlugin, RefusedError, textsOf } from "vr-gateway";
import { defaults } from "vr-gateway/plugins/defaults";

const shop = definePlugin({
  name: "shop",
  setup(vr) {
    vr.tools.add({
      name: "stock",
      description: "Says how many pieces of an item are in stock.",
      parameters: { type: "object", properties: { item: { type: "string" } }, required: ["item"] },
      execute: ({ item }) => ({ item, pieces: item === "apples" ? 12 : 0 }),
    });
    vr.hooks.beforeUpstream.tap(({ items }) => {
      if (textsOf(items).some(({ text }) => text.includes("password")))
        throw new RefusedError("Do not send passwords.");
    });
  },
});

export default defineConfig({ plugins: [...defaults(), shop()] });
