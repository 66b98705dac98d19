import type { z } from "zod";
import { ConfigError } from "../../core/index.ts";

/** A runtime's options, with their defaults. @throws ConfigError that names the runtime and each option that is wrong */
export function checkOptions<Schema extends z.ZodType>(
  runtime: string,
  schema: Schema,
  options: unknown,
): z.output<Schema> {
  const checked = schema.safeParse(options);
  if (checked.success) return checked.data;
  const lines = checked.error.issues.map(
    ({ path, message }) => `${runtime}: ${[...path, message].join(": ")}`,
  );
  throw new ConfigError(lines.join("\n"));
}
