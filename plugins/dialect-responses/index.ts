export { fromResponse } from "./from-response.ts";
export { ResponsesReader, type ResponsesReaderOptions } from "./responses-reader.ts";
export { type ResponsesQuirks, toResponsesRequest } from "./to-responses-request.ts";
