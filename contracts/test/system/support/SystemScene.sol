// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IBlocks} from "../../../src/interfaces/IBlocks.sol";
import {BlockWords} from "../../../src/interfaces/BlockTypes.sol";
import {BlockResult, ChannelTerms, Stage} from "../../../src/interfaces/ChannelTypes.sol";
import {LineFacts} from "../../../src/interfaces/IVault.sol";
import {Vault} from "../../../src/vault/Vault.sol";
import {Channels} from "../../../src/channels/Channels.sol";
import {Lens} from "../../../src/lens/Lens.sol";
import {TestToken} from "../../../src/test-token/TestToken.sol";
import {BlockWork} from "../../support/BlockWork.sol";
import {VaultIndexer} from "../../vault/support/VaultIndexer.sol";

/// All contracts, and two channels of one payer and two payees in one token, one of which rounds halves down.
abstract contract SystemScene is BlockWork {
    uint256 public constant CHANNELS = 2;
    uint256 public constant MEMBERS = 3;
    uint256 public constant PEOPLE = 8;
    uint64 public constant BLOCKS = BLOCKS_MAX;
    address public constant BURN = address(0xdEaD);

    /// In seconds, as in the terms.
    struct Periods {
        uint64 duration;
        uint64 grace;
        uint64 collation;
        uint64 processing;
        uint64 challenge;
        uint64 answer;
        uint64 disputeMax;
        uint64 notice;
    }

    /// How a result of these tests is made: what it pays, and which parts it counted.
    struct Said {
        uint8 kind;
        uint16 parts;
    }

    /// What is noted of a block beside the contracts: who posted, and when what came first.
    struct Noted {
        uint16 posted;
        uint40 lastPostedAt;
        uint40 firstRevealedAt;
        uint40 disputedAt;
        uint40 revealedAt;
        bytes32 wordsAtEnd;
    }

    Periods internal periods;
    mapping(bytes32 id => mapping(uint64 n => Noted)) internal noted;
    VaultIndexer public indexer;
    bytes32[CHANNELS] private ids;
    mapping(uint256 n => bytes32[]) internal pathOf;
    /// Wei of those who take no part.
    uint256 internal othersWei;
    /// What of a rule was broken, in words, by what the rule is about; empty if nothing was.
    mapping(string rule => string) public broken;
    mapping(string act => uint256) public taken;

    function setUp() public override {
        setUpFor(Periods(100, 10, 90, 40, 60, 1, 404, 230));
    }

    function setUpFor(Periods memory periods_) public {
        super.setUp();
        periods = periods_;
        indexer = new VaultIndexer();
        for (uint256 c = 0; c < CHANNELS; c++) {
            ids[c] = openChannel(c);
            indexer.setPayer(ids[c], account(0));
        }
        for (uint64 n = 0; n < BLOCKS; n++) {
            pathOf[n] = keyPath(n);
        }
        othersWei = address(vault).balance;
        for (uint256 i = 0; i < PEOPLE; i++) {
            (uint256 free, uint256 stake_, uint256 locked) = vault.weiOf(person(i));
            othersWei -= free + stake_ + locked;
            indexer.setBooks(person(i), free, stake_, locked);
        }
        vm.recordLogs();
        for (uint256 c = 0; c < CHANNELS; c++) {
            fund(ids[c], 1, 110);
            fund(ids[c], 2, 60);
        }
        follow();
        token.mint(address(this), 1e12);
        token.approve(address(vault), type(uint256).max);
    }

    function openChannel(uint256 c) private returns (bytes32) {
        ChannelTerms memory terms = openTerms(MEMBERS);
        (terms.blockMaxNano[1], terms.blockMaxNano[2]) = (100, 140);
        terms.tokenPerUnit = c == 1 ? 0.5e9 : 1e9;
        terms.blockDuration = periods.duration;
        terms.collectionGrace = periods.grace;
        terms.collationPeriod = periods.collation;
        terms.processingPeriod = periods.processing;
        terms.challengePeriod = periods.challenge;
        terms.answerPeriod = periods.answer;
        terms.disputeMax = periods.disputeMax;
        terms.withdrawalNotice = periods.notice;
        terms.retentionPeriod = 150;
        terms.salt = keccak256(abi.encode("channel", c));
        bytes32 channelId = channels.channelIdOf(terms);
        bytes memory call = abi.encodeCall(
            Channels.openChannel, (terms, signaturesFor(MEMBERS, channelId), boxesFor(MEMBERS))
        );
        (bool isDone,) = address(channels).call(call);
        vm.assertTrue(isDone, "opened");
        keepOld(address(channels), address(this), call, 0);
        return channelId;
    }

    /// What was signed once and did its work, or may not do it any more from `until` on.
    function keepOld(address to, address sender, bytes memory call, uint256 until) internal virtual;

    // ── what invariants ask for ──

    function contracts() external view returns (Vault, IBlocks, Channels, Lens, TestToken) {
        return (vault, blocks, channels, lens, token);
    }

    function idOf(uint256 c) public view returns (bytes32) {
        return ids[c];
    }

    /// Members, their own validators, a drawn one, and nobody's address.
    function person(uint256 i) public pure returns (address) {
        if (i == PEOPLE - 1) return BURN;
        return i < MEMBERS ? account(i) : validator(i - MEMBERS);
    }

    function startedNow() public view returns (uint64) {
        if (block.timestamp < START) return 0;
        uint256 started = (block.timestamp - START) / periods.duration + 1;
        return started < BLOCKS ? uint64(started) : BLOCKS;
    }

    function beginsAt(uint256 n) internal view returns (uint256) {
        return START + n * periods.duration;
    }

    function collatesAt(uint256 n) internal view returns (uint256) {
        return beginsAt(n + 1) + periods.grace;
    }

    /// From here on a block is final or over, whatever anybody did.
    function endBound(uint256 n) public view returns (uint256) {
        uint256 processed = collatesAt(n) + periods.collation + 2 * periods.processing;
        return processed + periods.challenge + periods.disputeMax;
    }

    function stageNow(bytes32 id, uint64 n) public view returns (Stage) {
        return stageOf(id, n);
    }

    /// Settled, or void and nothing of it locked.
    function isOver(bytes32 id, uint64 n) public view returns (bool) {
        Stage stage = stageOf(id, n);
        if (stage == Stage.Settled) return true;
        return stage == Stage.Void && (noted[id][n].posted == 0 || noted[id][n].wordsAtEnd != 0);
    }

    function hasParts(bytes32 id, uint64 n) external view returns (bool) {
        return noted[id][n].posted != 0;
    }

    // ── what acts share ──

    function words(bytes32 id, uint64 n) internal view returns (BlockWords memory) {
        return lens.blockWords(id, n);
    }

    function lineOf(bytes32 id, uint256 payee) internal view returns (LineFacts memory) {
        return vault.line(id, uint8(payee));
    }

    function earned(uint256 i) internal view returns (uint256) {
        return vault.balanceOf(address(token), account(i));
    }

    function unitsOf(bytes32 id, uint64 nano) internal view returns (uint256) {
        return id == ids[1] ? nano / 2 : nano;
    }

    function made(Said memory one) internal pure returns (BlockResult memory result) {
        uint64[2][6] memory pays = [
            [uint64(0), 0],
            [uint64(20), 40],
            [uint64(90), 41],
            [uint64(91), 300],
            [uint64(500), 0],
            [uint64(99), 2000]
        ];
        if (one.kind == 0) {
            result = emptyResult(MEMBERS);
            result.validParts = one.parts;
            return result;
        }
        uint64[] memory amounts = new uint64[](MEMBERS);
        (amounts[1], amounts[2]) = (pays[one.kind][0], pays[one.kind][1]);
        return resultOf(amounts, one.parts);
    }

    /// A block of which the stage lies between the two, from a random one on.
    function pickBlock(uint256 seed, Stage from, Stage to)
        internal
        view
        returns (bool, bytes32 id, uint64 n)
    {
        id = ids[seed % CHANNELS];
        uint256 most = startedNow();
        for (uint256 k = 0; k < most; k++) {
            n = uint64((seed / CHANNELS + k) % most);
            Stage stage = stageOf(id, n);
            if (stage >= from && stage <= to) return (true, id, n);
        }
        return (false, id, 0);
    }

    function did(string memory act) internal {
        taken[act]++;
        follow();
    }

    function follow() internal {
        indexer.readAll(vm.getRecordedLogs(), address(vault));
    }

    /// Every refusal has a name of its own: nothing panics, nothing fails without a word. What was told before it
    /// did not happen.
    function allow(bytes memory why) internal {
        vm.getRecordedLogs();
        bytes4 name = bytes4(why);
        bool isNamed = why.length >= 4 && name != bytes4(0x4e487b71) && name != bytes4(0x08c379a0);
        if (!isNamed) broken["refusal"] = "a refusal without a name";
    }
}
