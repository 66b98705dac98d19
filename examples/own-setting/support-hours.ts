import { definePlugin, setting } from "vr-gateway";
import { z } from "zod";

const hours = z.string().regex(/^\d{1,2}:\d{2}-\d{1,2}:\d{2}$/, "expected hours such as 9:00-17:30");

/** A tool whose answer the operator sets: by an environment variable, or in the configuration. */
export const supportHours = definePlugin({
  name: "support-hours",
  settings: {
    VR_SUPPORT_HOURS: setting({ schema: hours, help: "when people answer the phone, such as 9:00-17:30" }),
    VR_SUPPORT_PIN: setting({ schema: z.string(), help: "that callers are asked for", secret: true }),
  },
  options: z.object({ hours: hours.default("9:00-17:00") }),
  setup(vr, options) {
    const open = vr.settings.VR_SUPPORT_HOURS ?? options.hours;
    const pin = vr.settings.VR_SUPPORT_PIN;
    vr.log.info({ open, pin }, "support hours");
    vr.tools.add({
      name: "support_hours",
      description: "Tells when support answers the phone.",
      parameters: { type: "object", properties: {} },
      execute: () => `${open}${pin === undefined ? "" : ", with a PIN"}`,
    });
  },
});
