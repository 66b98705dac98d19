import type { z } from "zod";
import { ConfigError } from "./errors.ts";

type Issue = z.core.$ZodIssue;

/** Whose options they are: a name in front of each line, or the path that the options have in a file. */
type Owner = string | { path: string };

/**
 * Options as a schema wants them, with its defaults.
 * @throws ConfigError with a line for each wrong option, which names its path
 */
export function checkOptions<Schema extends z.ZodType>(
  owner: Owner,
  schema: Schema,
  options: unknown,
): z.output<Schema> {
  const checked = schema.safeParse(options);
  if (checked.success) return checked.data;
  throw new ConfigError(describeIssues(owner, checked.error));
}

function describeIssues(owner: Owner, error: z.ZodError): string {
  const lines = error.issues.flatMap(meantBranch).map((issue) => {
    const inner = issue.path
      .map((key) => (typeof key === "number" ? `[${key}]` : `.${String(key)}`))
      .join("");
    if (typeof owner !== "string") return `${owner.path}${inner}: ${issue.message}`;
    return `${owner}: ${inner ? `${inner.replace(/^\./, "")}: ` : ""}${issue.message}`;
  });
  return lines.join("\n");
}

/**
 * For a value that may have several forms, the mistakes in the form that was meant: the one whose own type
 * is right. "Invalid input" would hide a misspelt key.
 */
function meantBranch(issue: Issue): readonly Issue[] {
  if (issue.code !== "invalid_union") return [issue];
  const branches = issue.errors.map((issues) => issues.flatMap(meantBranch));
  const [meant, ...others] = branches.filter((issues) => !issues.some(isOfAnotherType));
  if (!meant || others.length > 0) return [issue];
  return meant.map((inner) => ({ ...inner, path: [...issue.path, ...inner.path] }));
}

function isOfAnotherType({ code, path }: Issue): boolean {
  return path.length === 0 && (code === "invalid_type" || code === "invalid_union");
}
