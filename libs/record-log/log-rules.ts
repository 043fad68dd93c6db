/** What every record log asks of those who write to it. */
import { Fault } from '#environment';
import { type LogClaim, type LogPartition, logEntryBytesMax } from './record-log.js';

export function fencedFault({ channelId, epoch }: LogClaim): Fault {
  const message = `claim ${epoch} of channel ${channelId} is lost: claim it again and read its log first`;
  return new Fault('record-log-fenced', message, { retriable: false });
}

/** Anything else is a bug of the caller. */
export function assertAppendable(
  claim: LogClaim,
  partition: LogPartition,
  bytes: Uint8Array,
  receivedAtMs: number,
): void {
  if (!Number.isSafeInteger(receivedAtMs) || receivedAtMs < 0) {
    throw new Error(`a log entry received at ${receivedAtMs} ms`);
  }
  if (bytes.length > logEntryBytesMax) throw new Error(`a log entry of ${bytes.length} bytes`);
  if (claim.channelId !== partition.channelId) throw new Error('the claim is of another channel');
}

/** Likewise. */
export function assertPartition({ channelId, stream }: LogPartition): void {
  const isStream = stream === 'cut-marks' || (Number.isInteger(stream) && stream >= 0 && stream < 0xffff);
  if (isStream && /^0x[0-9a-f]{64}$/.test(channelId)) return;
  throw new Error(`no log has a partition ${stream} of channel ${channelId}`);
}

/** The order of partitions of a channel. */
export function streamRank({ stream }: LogPartition): number {
  return stream === 'cut-marks' ? Number.POSITIVE_INFINITY : stream;
}
