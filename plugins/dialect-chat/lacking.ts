import { InvalidRequestError } from "../../core/index.ts";
import type { ChatParameter, ChatQuirks } from "./quirks.ts";

/** Whether to send a parameter that the client gave. @throws InvalidRequestError if it is refused */
export type Takes = (parameter: ChatParameter) => boolean;

/** Decides which parameters are sent. Calls `warn` for each that is left out, so that the client knows. */
export function takesOf(quirks: Pick<ChatQuirks, "parameters">, warn: (message: string) => void): Takes {
  return (parameter) => {
    const fate = quirks.parameters[parameter] ?? "send";
    if (fate === "refuse")
      throw new InvalidRequestError(`${parameter} is not supported by this model server`, {
        param: parameter,
      });
    if (fate === "drop") warn(`${parameter} was left out: the model server does not take it`);
    return fate === "send";
  };
}
