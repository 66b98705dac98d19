import type { z } from "zod";

type Issue = z.core.$ZodIssue;

/** One line per wrong option, each with its path. */
export function describeIssues(what: string, error: z.ZodError): string {
  const lines = error.issues.flatMap(meantBranch).map((issue) => {
    const path = issue.path.map((key) => (typeof key === "number" ? `[${key}]` : `.${String(key)}`)).join("");
    return `${what}: ${path ? `${path.replace(/^\./, "")}: ` : ""}${issue.message}`;
  });
  return lines.join("\n");
}

/**
 * Of a value that may have several forms, what is wrong with the form that was meant: the one whose own type
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
