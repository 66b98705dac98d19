import { InvalidRequestError, NotFoundError, VrError } from "../../core/index.ts";
import { RuntimeError } from "./runtime.ts";

/** What `ask` resolves to. @throws VrError with the status that fits what the runtime threw */
export async function toVrError<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof RuntimeError) throw translate(error);
    if ((error as Error | undefined)?.name === "TimeoutError")
      throw new VrError(503, "server_error", "The container is busy: try again later.", {
        code: "container_busy",
        cause: error,
      });
    throw error;
  }
}

function translate(error: RuntimeError): VrError {
  switch (error.code) {
    case "not_found":
      return new NotFoundError(error.message, { code: "file_not_found", cause: error });
    case "too_large":
      return new InvalidRequestError(error.message, { code: "file_too_large", cause: error });
    case "busy":
      return new VrError(503, "server_error", error.message, { code: "container_busy", cause: error });
    case "unavailable":
      return new VrError(503, "server_error", error.message, { code: "runtime_unavailable", cause: error });
  }
}
