import type { Output } from "./output.ts";
import type { FileSystem } from "./python.ts";

const LINE_FEED = 10;

/** The device that Python shows images, results and tracebacks through: each write is a kind, a line feed and data. */
export function showThrough(fs: FileSystem, output: Output): void {
  const device = fs.makedev(64, 0);
  fs.registerDevice(device, {
    write(_stream: object, memory: Int8Array, offset: number, length: number): number {
      const message = new Uint8Array(memory.buffer, memory.byteOffset + offset, length);
      const at = message.indexOf(LINE_FEED);
      const kind = new TextDecoder().decode(message.subarray(0, Math.max(0, at)));
      const data = message.subarray(at + 1);
      switch (kind) {
        case "stdout":
        case "result":
        case "traceback":
          output.write(kind, data);
          break;
        case "image/png":
        case "image/jpeg":
        case "image/svg+xml":
          output.image(kind, data);
          break;
      }
      return length;
    },
  });
  fs.mkdev("/dev/show", 0o622, device);
}
