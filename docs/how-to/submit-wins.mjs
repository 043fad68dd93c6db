/** Submits three wins of an SSP to a network that `papyrus up` left running: node docs/how-to/submit-wins.mjs NODE_URL CHANNEL */
import { participantSecrets } from '#apps/cli/src/network/participant-keys';
import { developmentContracts } from '#chain/deployment';
import { BatchSigner, ChannelNodeClient, PapyrusRefused, receiptFault } from '#sdk';

const [url, channelId] = process.argv.slice(2);
const domain = { chainId: 31337, verifyingContract: developmentContracts().channelRegistry };
// In a network of your own these keys are yours; `up` derives them from its seed and the participant's name.
const { record, operator } = participantSecrets('papyrus', 'ssp-1');

const node = new ChannelNodeClient({ url });
const { participant, currentBlock } = await node.channel(channelId);
if (currentBlock === undefined) throw new Error('no block collects now: try again in a moment');

const signer = new BatchSigner({
  domain,
  channelId,
  author: participant,
  recordKey: record.privateKey,
  // A sequence is used once in a block: keep signer.nextCounter, or begin where no earlier run can have been.
  nextCounter: Math.floor(Date.now() / 1000),
});
for (const auctionId of ['a-1', 'a-2', 'a-3']) {
  signer.win(currentBlock, { impression: { auctionId, impId: '1' }, counterparty: 0, priceNano: 2_100_000n, timestampMs: Date.now() });
}
for (const batch of signer.flush()) {
  try {
    const receipt = await node.submit(channelId, batch);
    const fault = receiptFault(receipt, { domain, operatorKey: operator.address, batch });
    console.log(`block ${receipt.blockNumber}, sequence ${receipt.sequence}: receipt ${fault === undefined ? 'verified' : `with a wrong ${fault}`}`);
  } catch (error) {
    if (!(error instanceof PapyrusRefused)) throw error;
    console.log(`refused, ${error.code}: ${error.message}`);
  }
}
