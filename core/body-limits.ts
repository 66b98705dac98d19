/** What a request's body may hold. */
export interface BodyLimits {
  /** Bytes of a request body, decoded. */
  bodyBytes: number;
  /** Levels of nesting in its JSON. */
  jsonDepth: number;
  /** Values in its JSON, whatever is in what; 200,000 unless said. */
  jsonValues?: number;
  /** Path of the options that set these limits, for errors to name them: "limits". */
  options?: string;
}
