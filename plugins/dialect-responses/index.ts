export { type Ending, fromResponse } from "./from-response.ts";
export { ResponsesReader } from "./responses-reader.ts";
export { type ResponsesQuirks, toResponsesRequest } from "./to-responses-request.ts";
export { withoutEncryption } from "./without-encryption.ts";
