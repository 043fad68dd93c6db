// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Disproof, OpenedRow} from "../../src/disputes/IQuestions.sol";
import {PartFacts} from "../../src/interfaces/BlockTypes.sol";
import {QuestionScene} from "../disputes/support/QuestionScene.sol";
import {Groups} from "../support/Groups.sol";
import {VmGas} from "./GasMeter.sol";

/// What the acts of a question cost at most, each as a transaction of its own: nobody needs to send one that a
/// block of the chain does not take.
contract QuestionGasTest is QuestionScene {
    /// Of a transaction (EIP-7825).
    uint256 private constant GAS_MAX = 1 << 24;

    event log_named_uint(string key, uint256 value);

    Part private part;
    OpenedRow[2] private opened;
    Disproof private disproof;
    PartFacts private facts;

    function setUp() public override {
        vm.pauseGasMetering();
        super.setUp();
        part = fullPart();
        doubt(part);
        facts = factsOf(part);
        for (uint32 i = 0; i < 2; i++) {
            opened[i] = openedRow(part, i);
        }
        disproof = disproofOf(part, 0, 4095);
        vm.resumeGasMetering();
    }

    /// forge-config: default.isolate = true
    function test_gas_disputes() external {
        for (uint32 i = 0; i < 2; i++) {
            (PartFacts memory told, OpenedRow memory row) = (facts, opened[i]);
            vm.prank(account(i == 0 ? 1 : 3));
            questions.askRow(id, N, OWNER, told, i);
            tell(i == 0 ? "ask about a part's first row" : "ask about another row", 200_000);
            questions.publish(id, N, OWNER, told, row);
            tell(i == 0 ? "publish a row of 1,021 records" : "publish a row of 256 batches", 8_000_000);
        }
        questions.disproveText(id, N, OWNER, 0, disproof);
        tell("disprove a row", 3_000_000);
    }

    function tell(string memory act, uint256 most) private {
        uint256 used = VmGas(address(vm)).lastCallGas().total;
        emit log_named_uint(act, used);
        vm.assertLe(most, GAS_MAX);
        vm.assertLe(used, most, act);
    }

    /// One row of a batch of 1,021 audits, and one of 256 batches of one record; sealed is anything.
    function fullPart() private view returns (Part memory full) {
        (full.segments, full.stored, full.segmentRoots) = (new bytes[](2), new bytes[](2), new bytes32[](2));
        full.segments[0] = batch(id, N, 0, 1, wins(0, 1021, 0));
        uint256 nonce = 0;
        for (uint64 i = 2; i < 258; i++) {
            bytes memory one = wins(0, 1, ++nonce);
            while (uint8(uint256(sha256(one))) < 64) one = wins(0, 1, ++nonce);
            full.segments[1] = bytes.concat(full.segments[1], batch(id, N, 0, i, one));
        }
        for (uint256 i = 0; i < 2; i++) {
            full.segmentRoots[i] = rootOf(headerHashes(full.segments[i]));
            full.stored[i] = noise();
        }
    }

    /// 65,552 bytes, none of them zero.
    function noise() private pure returns (bytes memory data) {
        data = new bytes(65_552);
        for (uint256 i = 0; i < data.length; i++) {
            data[i] = 0xa5;
        }
    }
}
