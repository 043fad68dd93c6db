/** The bytes of a log as they were before they were packed: what packed them is told by their first bytes. */
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { type Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream';
import * as zlib from 'node:zlib';
import { messageOf } from '#environment';
import { LogRefused } from './log-refused.js';

const chunkBytes = 1 << 20;

export interface LogBytes {
  /** Bytes of the file that were read so far, of the size that it has on disk. */
  readonly readBytes: () => number;
  readonly chunks: AsyncIterable<Uint8Array>;
}

export async function openLogBytes(path: string): Promise<LogBytes> {
  const first = await firstBytesOf(path);
  const file = createReadStream(path, { highWaterMark: chunkBytes });
  const unpacked = unpack(path, file, first);
  return { readBytes: () => file.bytesRead, chunks: chunksOf(path, unpacked) };
}

/** The first four bytes, fewer of a shorter file. */
async function firstBytesOf(path: string): Promise<Uint8Array> {
  try {
    const file = await open(path);
    try {
      const { buffer, bytesRead } = await file.read(new Uint8Array(4), 0, 4, 0);
      return buffer.subarray(0, bytesRead);
    } finally {
      await file.close();
    }
  } catch (cause) {
    throw new LogRefused('log-not-found', `cannot read ${path}: ${messageOf(cause)}`);
  }
}

function unpack(path: string, file: Readable, first: Uint8Array): Readable {
  const begins = (...bytes: number[]): boolean => bytes.every((byte, at) => first[at] === byte);
  if (begins(0x1f, 0x8b)) return through(file, zlib.createGunzip({ chunkSize: chunkBytes }));
  if (begins(0x28, 0xb5, 0x2f, 0xfd)) {
    // Node has it from 22.15 on; the types are those of the oldest Node that runs this.
    const { createZstdDecompress } = zlib as { createZstdDecompress?: () => Transform };
    if (createZstdDecompress === undefined) {
      throw new LogRefused(
        'packing-not-supported',
        `${path} is packed by zstd, which this Node ${process.version} cannot read: use Node 22.15 or later, or unpack it first`,
      );
    }
    return through(file, createZstdDecompress());
  }
  return file;
}

function through(file: Readable, transform: Transform): Readable {
  // The error of either is the error of what is read.
  pipeline(file, transform, () => {});
  return transform;
}

async function* chunksOf(path: string, unpacked: Readable): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of unpacked) yield chunk as Uint8Array;
  } catch (cause) {
    throw new LogRefused('log-not-readable', `cannot read ${path} to its end: ${messageOf(cause)}`);
  }
}
