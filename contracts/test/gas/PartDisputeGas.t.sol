// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Disproof, HeaderPlace, OpenedRow} from "../../src/disputes/IQuestions.sol";
import {PartFacts} from "../../src/interfaces/BlockTypes.sol";
import {BlockResult, ChannelTerms} from "../../src/interfaces/ChannelTypes.sol";
import {DisputeRig} from "./DisputeRig.sol";

/// What the acts of questions about rows take, and whole games, over a part with the largest rows that
/// there can be, none of whose sealed bytes is zero. Participant 1's seat counts it, participant 0's own
/// result leaves it out.
contract PartDisputeGasTest is DisputeRig {
    uint8 private constant OWNER = 2;
    uint32 private constant ROWS = 256;
    /// Of one batch; of as many batches as may be; below the one before it; sealed to another length; the
    /// first author's once more, too far on.
    uint32 private constant LARGE = 0;
    uint32 private constant MANY = 1;
    uint32 private constant LOW = 2;
    uint32 private constant LONG = 3;
    uint32 private constant FAR = 200;

    Part private part;
    PartFacts private facts;
    BlockResult private all_;
    BlockResult private without;

    /// forge-config: default.isolate = true
    function test_gas_part_3() external {
        measure(3);
    }

    /// forge-config: default.isolate = true
    function test_gas_part_16() external {
        measure(16);
    }

    function measure(uint256 size_) private {
        vm.pauseGasMetering();
        openChannelOf(size_);
        makePart();
        beginDispute();
        uint256 begun = vm.snapshotState();
        measureOrder();
        vm.revertToState(begun);
        measureSilence();
        vm.revertToState(begun);
        measureLength();
        vm.revertToState(begun);
        measureFalse(MANY, "256 batches");
        vm.revertToState(begun);
        measureFalse(LARGE, "1,021 records");
        vm.revertToState(begun);
        measureDisproof();
    }

    /// 129 rows of an author.
    function termsOf() internal view override returns (ChannelTerms memory) {
        return openTerms(size);
    }

    // ── the block ──

    function makePart() private {
        part.segments = new bytes[](ROWS);
        part.stored = new bytes[](ROWS);
        part.segmentRoots = new bytes32[](ROWS);
        for (uint256 i = 0; i < ROWS; i++) {
            part.segmentRoots[i] = keccak256(abi.encode(i));
        }
        putRow(LARGE, batch(channelId, BLOCK, 0, 1, wins(0, 1_021, 0)), noise(65_552));
        putRow(MANY, manyBatches(), noise(65_552));
        putRow(LOW, batch(channelId, BLOCK, 0, 0, wins(0, 1, 0)), "");
        putRow(LONG, part.segments[LARGE], noise(65_551));
        putRow(FAR, batch(channelId, BLOCK, 0, 999, wins(0, 1, 0)), "");
        facts = factsOf(part);
    }

    function putRow(uint32 row, bytes memory segment, bytes memory stored) private {
        part.segments[row] = segment;
        part.stored[row] = stored;
        part.segmentRoots[row] = rootOf(headerHashes(segment));
    }

    /// Of one record each, none of which ends a segment.
    function manyBatches() private view returns (bytes memory all) {
        uint256 nonce = 0;
        for (uint64 i = 2; i < 258; i++) {
            bytes memory one = wins(0, 1, ++nonce);
            while (uint8(uint256(sha256(one))) < 64) one = wins(0, 1, ++nonce);
            all = bytes.concat(all, batch(channelId, BLOCK, 0, i, one));
        }
    }

    function noise(uint256 count) private pure returns (bytes memory data) {
        data = new bytes(count);
        for (uint256 i = 0; i < count; i++) {
            data[i] = 0xa5;
        }
    }

    function beginDispute() private {
        vm.warp(collationAt(BLOCK));
        for (uint256 i = 0; i < size; i++) {
            if (i != OWNER) post(channelId, BLOCK, i);
        }
        PartFacts memory told = facts;
        vm.prank(operator(OWNER));
        blocks.postPart(channelId, BLOCK, told.partRoot, told.segmentCount, told.indexHash);
        all_ = resultOf(size, 1000, allParts());
        without = resultOf(size, 900, allParts() - uint16(1 << OWNER));
        commit(channelId, BLOCK, 1, all_, false);
        vm.warp(collationAt(BLOCK) + 20);
        reveal(channelId, BLOCK, 1, all_);
        vm.warp(collationAt(BLOCK) + 40);
        seat(only(account(0)), only(account(OWNER)));
        revealAs("", Side.Asker, 0, without);
    }

    // ── games ──

    function measureOrder() private {
        uint256 before = vm.snapshotState();
        HeaderPlace[3] memory places =
            [headerPlace(part, MANY, 255), headerPlace(part, LOW, 0), headerPlace(part, FAR, 0)];
        bytes memory data =
            abi.encodeCall(questions.proveDisorder, (channelId, BLOCK, OWNER, facts, places[0], places[1]));
        act("prove disorder", Side.Asker, account(0), QUESTIONS, data);
        settleLeft();
        tell("two rows out of order");
        vm.revertToState(before);
        data = abi.encodeCall(
            questions.proveTooManyRows, (channelId, BLOCK, OWNER, facts, places[0], places[2])
        );
        act("prove too many rows", Side.Asker, account(0), QUESTIONS, data);
    }

    function measureSilence() private {
        ask("ask about a part's first row", 0, LARGE);
        ask("ask about another row", 1, MANY);
        vm.warp(block.timestamp + PERIOD);
        conclude("conclude, nobody published", 0, Side.Asker);
    }

    function measureLength() private {
        ask("", 0, LONG);
        publish("", LONG);
        bytes memory data =
            abi.encodeCall(questions.disproveLength, (channelId, BLOCK, OWNER, LONG, part.stored[LONG]));
        act("disprove a row by its length", Side.Asker, account(0), QUESTIONS, data);
    }

    /// Nobody shows that it is not what it says.
    function measureFalse(uint32 row, string memory what) private {
        ask("", 0, row);
        publish(string.concat("publish a row of ", what), row);
        vm.warp(block.timestamp + PERIOD);
        conclude(row == LARGE ? "conclude, it was published" : "", 0, Side.Answerer);
        tell(string.concat("a good row of ", what));
    }

    /// The seller whose result fell with the part says anew what the others come to.
    function measureDisproof() private {
        ask("", 0, LARGE);
        publish("", LARGE);
        Disproof memory disproof = disproofAt(LARGE, 4_095);
        bytes memory data =
            abi.encodeCall(questions.disproveText, (channelId, BLOCK, OWNER, LARGE, disproof));
        act("disprove a row", Side.Asker, account(0), QUESTIONS, data);
        vm.warp(collationAt(BLOCK) + 160);
        uint256 decided = vm.snapshotState();
        settleBoth("settle at the lowest of two, parts differed", resultOf(size, 700, without.validParts));
        vm.revertToState(decided);
        BlockResult memory anew = without;
        anew.impressionCount++;
        settleBoth("settle at two that pay the same", anew);
        tell("a row that does not decrypt");
    }

    /// Beside what participant 0 said.
    function settleBoth(string memory what, BlockResult memory anew) private {
        revealAs("reveal in the window for new results", Side.Answerer, 1, anew);
        vm.warp(collationAt(BLOCK) + 240);
        BlockResult[] memory standing = new BlockResult[](2);
        (standing[0], standing[1]) = (without, anew);
        bytes memory data = abi.encodeCall(blocks.settle, (channelId, BLOCK, standing));
        act(what, Side.Asker, account(0), address(blocks), data);
    }

    // ── acts ──

    function revealAs(string memory what, Side side, uint256 who, BlockResult memory result) private {
        bytes memory data = abi.encodeCall(blocks.revealOwnResult, (channelId, BLOCK, result, OPENING));
        act(what, side, account(who), address(blocks), data);
    }

    function ask(string memory what, uint256 who, uint32 row) private {
        bytes memory data = abi.encodeCall(questions.askRow, (channelId, BLOCK, OWNER, facts, row));
        act(what, Side.Asker, account(who), QUESTIONS, data);
    }

    function publish(string memory what, uint32 row) private {
        OpenedRow memory opened = openedRow(part, row);
        bytes memory data = abi.encodeCall(questions.publish, (channelId, BLOCK, OWNER, facts, opened));
        act(what, Side.Answerer, account(OWNER), QUESTIONS, data);
    }

    function conclude(string memory what, uint8 who, Side side) private {
        bytes memory data = abi.encodeCall(questions.conclude, (channelId, BLOCK, OWNER, who));
        act(what, side, account(side == Side.Asker ? who : OWNER), QUESTIONS, data);
    }

    function settleLeft() private {
        vm.warp(collationAt(BLOCK) + 240);
        BlockResult[] memory standing = new BlockResult[](1);
        standing[0] = without;
        bytes memory data = abi.encodeCall(blocks.settle, (channelId, BLOCK, standing));
        act("", Side.Asker, account(0), address(blocks), data);
    }

    function disproofAt(uint32 row, uint256 place) private view returns (Disproof memory) {
        bytes memory segment = part.segments[row];
        uint256 piece = place / 64;
        return Disproof({
            blockKey: blockKeyOf(BLOCK),
            keyPath: keyPath(BLOCK),
            sealedSegment: part.stored[row],
            place: place,
            piece: slice(segment, piece * 1024, 1024),
            piecePath: siblingsOf(hashesOf(segment, 1024), piece)
        });
    }
}
