/** Submits three wins of an SSP to a network that `papyrus up` left running: node docs/how-to/submit-wins.mjs NODE_URL CHANNEL */
import { participantSecrets } from '#apps/cli/src/network/participant-keys';
import { developmentContracts } from '#chain/deployment';
import { BatchSigner, ChannelNodeClient, PapyrusError, PapyrusRefused, receiptFault } from '#sdk';

const [url, channelId] = process.argv.slice(2);
if (!URL.canParse(url) || !/^0x[0-9a-f]{64}$/.test(channelId)) {
  end(2, 'usage: node docs/how-to/submit-wins.mjs NODE_URL CHANNEL\n`papyrus up` prints both: a channel node of ssp-1 (http://…), and 0x with 64 digits');
}
const domain = { chainId: 31337, verifyingContract: developmentContracts().Channels };
// In a network of your own these keys are yours; `up` derives them from its seed and the participant's name.
const { record, operator } = participantSecrets('papyrus', 'ssp-1');

try {
  await submitWins(new ChannelNodeClient({ url }));
} catch (error) {
  if (!(error instanceof PapyrusError)) throw error;
  const isRefused = error instanceof PapyrusRefused;
  end(isRefused ? 5 : 6, `${isRefused ? 'refused, ' : ''}${error.code}: ${error.message}`);
}

async function submitWins(node) {
  const { participant, currentBlock } = await node.channel(channelId);
  if (currentBlock === undefined) end(6, 'no block collects now: try again in a moment');
  const nowMs = Date.now();
  const signer = new BatchSigner({
    domain,
    channelId,
    author: participant,
    recordKey: record.privateKey,
    // A sequence is used once in a block: keep signer.nextCounter, or begin where no earlier run can have been.
    nextCounter: Math.floor(nowMs / 1000),
  });
  // An auction is of one block for good: ids of an earlier run would be refused in this one.
  for (const auctionId of ['a-1', 'a-2', 'a-3'].map((id) => `${id}-${nowMs}`)) {
    signer.win(currentBlock, { impression: { auctionId, impId: '1' }, counterparty: 0, priceNano: 2_100_000n, timestampMs: nowMs });
  }
  for (const batch of signer.flush()) {
    const receipt = await node.submit(channelId, batch);
    const fault = receiptFault(receipt, { domain, operatorKey: operator.address, batch });
    if (fault !== undefined) end(4, `the receipt has a wrong ${fault}: nobody is bound by it`);
    console.log(`block ${receipt.blockNumber}, sequence ${receipt.sequence}: receipt verified`);
  }
}

function end(code, message) {
  console.error(message);
  process.exit(code);
}
