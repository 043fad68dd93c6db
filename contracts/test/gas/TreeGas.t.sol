// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {AccusationId, LeafWords} from "../../src/disputes/IAdjudicator.sol";
import {PartFacts} from "../../src/interfaces/BlockTypes.sol";
import {WeiBook} from "../../src/interfaces/IVault.sol";
import {RecordPlace} from "../../src/lib/RecordProof.sol";
import {AccusationScene} from "../disputes/support/AccusationScene.sol";
import {BlockWork} from "../support/BlockWork.sol";
import {Groups} from "../support/Groups.sol";
import {Organisations} from "../support/Organisations.sol";
import {GasMeter} from "./GasMeter.sol";

/// What the acts of an accusation cost, and may cost at most, each as a transaction of its own; Blocks is a
/// script here, and tools/gas.mjs makes docs/reference/gas.md of what is logged.
contract TreeGasTest is AccusationScene, GasMeter {
    event log_named_uint(string key, uint256 val);

    function setUp() public override(AccusationScene, BlockWork) {
        AccusationScene.setUp();
    }

    /// forge-config: default.isolate = true
    function test_gas_3() external {
        measure(3, [uint256(900_000), 200_000, 130_000, 220_000, 300_000]);
    }

    /// forge-config: default.isolate = true
    function test_gas_16() external {
        measure(16, [uint256(2_100_000), 200_000, 130_000, 260_000, 300_000]);
    }

    /// A result that everybody accuses falls in one act, and gives 32 bonds back.
    /// forge-config: default.isolate = true
    function test_a_fall_with_32_accusations_and_32_posters() external {
        begin(16);
        plantGood(7);
        growTo(256, 7);
        for (uint8 i = 0; i < 16; i++) {
            accuse(account(i), i);
            accuse(validator(i), i);
            bondOfResult(account(i));
            move(validator(i), WeiBook.Stake, WeiBook.Locked, OWN_BOND);
            results.addForfeit(RESULT, validator(i), OWN_BOND);
        }
        vm.warp(deadlineOf(idOf(0)));
        adjudicator.timeOut(idOf(0));
        vm.assertLe(gasOfLastCall(), 1_600_000);
    }

    /// `most`: of openNode, accuse, nameEntry, openLeaf, and what a leaf lacks or has too much.
    function measure(uint256 size_, uint256[5] memory most) private {
        begin(size_);
        bondOfResult(account(2));
        plantGood(77);
        growTo(256, 77);
        AccusationId memory id = accuse();
        note("accuse", most[1]);
        AccusationId memory other = accuse(account(0), 0);
        note("accuse, a later one", most[1]);
        openNode(id);
        note("open a node of 256", most[0]);
        nameTowards(id, 77);
        note("name an entry", most[2]);
        openLeaf(id, 77);
        note("open a leaf", most[3]);
        nameTowards(other, 77);
        vm.prank(account(0));
        adjudicator.doubtRecord(other, 0);
        note("doubt a record", most[2]);
        LeafWords memory leaf = leafWords(77);
        (RecordPlace memory place, PartFacts memory facts) = postRecord(0, recordIn(leafAt[77].records, 0));
        vm.prank(ANSWERER);
        adjudicator.placeRecord(other, leaf, place, 0, facts);
        note("place a record", most[4]);
        (place, facts) = postRecord(0, recordOf(keyAt(77), Groups.win(0, 1, 999, 9)));
        vm.prank(account(1));
        adjudicator.showOmitted(id, leaf, place, 0, facts);
        note("show what a leaf lacks", most[4]);
        measureEnds(id, most);
    }

    function measureEnds(AccusationId memory id, uint256[5] memory most) private {
        results.setResult(2, lens.outputHashOf(channelId, BLOCK, claim));
        id.result = 2;
        uint256 before = vm.snapshotState();
        accuseOther();
        vm.warp(deadlineOf(id));
        adjudicator.timeOut(id);
        note("time out", most[2]);
        vm.revertToState(before);
        accuseOther();
        results.end();
        adjudicator.release(id);
        note("release", most[2]);
    }

    function accuseOther() private {
        vm.prank(account(1));
        adjudicator.accuse(channelId, BLOCK, 2, claim, 1);
    }

    function note(string memory what, uint256 most) private {
        uint256 gas = gasOfLastCall();
        emit log_named_uint(what, gas);
        vm.assertLe(gas, most, what);
    }
}
