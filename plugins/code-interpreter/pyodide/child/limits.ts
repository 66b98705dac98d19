/** The argument that only asks a child whether it can run, instead of its settings. The folder of Python follows. */
export const PROBE = "--probe";
/** Open file descriptors of a child beyond its standard ones: the interrupts, and the snapshot. */
export const INTERRUPT_FD = 3;
export const SNAPSHOT_FD = 4;
/** Bytes at the beginning of a snapshot file before the snapshot itself: the SHA-256 of the rest. */
export const SNAPSHOT_HEADER_BYTES = 32;
/** Bytes of the images that one execution may show, all together. */
export const MAX_IMAGE_BYTES = 8 * 1024 * 1024;
/** Bytes of one part of a file on its way to the gateway. */
export const FILE_PART_BYTES = 1024 * 1024;
/** Most characters of a listed path. */
export const MAX_PATH_CHARACTERS = 1024;
