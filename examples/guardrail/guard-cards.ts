import { createTailWindow, definePlugin, GuardrailStop, RefusedError, textsOf } from "vr-gateway";

const CARD = /\d(?:[ -]?\d){12,15}/;
const MESSAGE = "Card numbers do not pass here.";
const hasCard = (value: object) => textsOf(value).some(({ text }) => CARD.test(text));

const openWindow = () =>
  createTailWindow({
    inspect(text, { ended }) {
      const card = CARD.exec(text);
      if (card) return { pass: card.index, stop: MESSAGE };
      const begun = ended ? -1 : text.search(/\d(?:[ -]?\d)*[ -]?$/); // the digits at the end may continue
      return begun < 0 ? text.length : begun;
    },
  });

/** Refuses requests that contain a card number, and ends answers before the first digit of one. */
export const guardCards = definePlugin({
  name: "guard-cards",
  setup(vr) {
    vr.hooks.beforeUpstream.tap((request) => {
      if (hasCard(request.items)) throw new RefusedError(MESSAGE, { code: "card_number", param: "input" });
    });
    vr.hooks.onChunk.tap((chunk, turn) => turn.state("guard-cards", openWindow).push(chunk));
    vr.hooks.onOutputItem.tap((item) => {
      if (hasCard(item)) throw new GuardrailStop(MESSAGE); // outputs of gateway tools
    });
  },
});
