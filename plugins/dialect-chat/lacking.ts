import { InvalidRequestError } from "../../core/index.ts";
import type { ChatParameter, ChatQuirks } from "./quirks.ts";

/** Whether a parameter that the client gave is to be sent. @throws InvalidRequestError if it is refused */
export type Takes = (parameter: ChatParameter) => boolean;

/** Nothing that a client asks for is lost in silence: `warn` is told what is left out. */
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
