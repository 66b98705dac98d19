import { describeCodeRuntime } from "../../contract/code-runtime.ts";
import { runtimeWith } from "./pyodide-runtimes.ts";

describeCodeRuntime("pyodide where the host has no namespaces", () => runtimeWith({}, "bare"));
