import { definePlugin } from "../../core/index.ts";
import { passthrough, passthroughOptions } from "../passthrough/index.ts";

/** @deprecated The old name of `passthrough`, kept for one release. */
export const chatPassthrough = definePlugin({
  name: "chat-passthrough",
  once: true,
  options: passthroughOptions,
  setup(vr, options) {
    vr.log.warn(
      {},
      'chat-passthrough is now called passthrough, and the next release removes the old name: import { passthrough } from "vr-gateway/plugins/passthrough"',
    );
    return passthrough(options).setup(vr);
  },
});

export default chatPassthrough;
