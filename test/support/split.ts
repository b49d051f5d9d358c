/** Ways to cut a flow of bytes in two, or into single bytes, for tests of decoders. */

/** Every position in a short flow; in a long one those of the first and last 64 bytes and some between. */
export function splitPositions(length: number): number[] {
  const all = Array.from({ length: length + 1 }, (_, position) => position);
  if (length <= 1024) return all;
  const edge = 64;
  const step = Math.ceil(length / 16);
  return all.filter((position) => position <= edge || position >= length - edge || position % step === 0);
}

/** Pieces of at most `size` bytes. */
export function pieces(bytes: Uint8Array, size: number): Uint8Array[] {
  const count = Math.ceil(bytes.length / size);
  return Array.from({ length: count }, (_, index) => bytes.subarray(index * size, (index + 1) * size));
}
