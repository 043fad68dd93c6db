// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Panel} from "../../../src/disputes/Panel.sol";
import {IPanel} from "../../../src/disputes/IPanel.sol";
import {IBlockSeams} from "../../../src/interfaces/IBlockSeams.sol";
import {ChannelTerms} from "../../../src/interfaces/ChannelTypes.sol";
import {Reason, WeiBook, WeiMove} from "../../../src/interfaces/IVault.sol";
import {Bonds} from "../../../src/lib/Bonds.sol";
import {Organisations} from "../../support/Organisations.sol";
import {PanelBlocks} from "./PanelBlocks.sol";

/// A block of four participants whose part 1 is in doubt, and as many validators as a test lists.
abstract contract PanelFixture is Organisations {
    uint64 internal constant BLOCK = 3;
    uint8 internal constant PART = 1;
    /// Of the terms: processingPeriod and answerPeriod.
    uint256 internal constant PERIOD = 40;
    uint256 internal constant ANSWER = 20;
    uint256 internal constant ALL = 1_000;
    bytes27 internal constant DIGEST = bytes27(keccak256("part"));

    Panel internal panel;
    PanelBlocks internal seams;
    bytes32 internal id;

    /// Both stand where the Vault looks for them.
    function setUp() public virtual override {
        super.setUp();
        vm.etch(address(blocks), address(new PanelBlocks(participants)).code);
        seams = PanelBlocks(address(blocks));
        Panel made =
            new Panel(address(channels), vault, IBlockSeams(address(blocks)), participants, validators);
        vm.etch(PANEL, address(made).code);
        panel = Panel(PANEL);
        vm.roll(1_000);
        ChannelTerms memory terms = termsFor(4);
        id = open(terms);
        seams.openBlock(id, BLOCK, terms.participants);
        for (uint256 i = 0; i < 4; i++) {
            vm.deal(address(this), 1 ether);
            vault.depositWei{value: 1 ether}(account(i));
        }
        putInDoubt(PART);
    }

    /// The part's owner has its bond locked.
    function putInDoubt(uint8 part) internal {
        moveAs(address(blocks), account(part), WeiBook.Free, WeiBook.Locked, Bonds.PART);
        seams.doubt(id, BLOCK, part, DIGEST, Bonds.PART);
    }

    function moveAs(address mover, address who, WeiBook from, WeiBook to, uint96 amount) internal {
        WeiMove[] memory moves = new WeiMove[](1);
        moves[0] = WeiMove(who, who, from, to, Reason.PartBond, amount);
        vm.prank(mover);
        vault.moveWei(0, 0, moves);
    }

    // ── validators ──

    function list(uint256 from, uint256 count, uint256 stake) internal {
        for (uint256 i = from; i < from + count; i++) {
            stakeMore(validator(i), stake);
        }
        // Whatever was staked in the second of the question does not count.
        vm.warp(block.timestamp + 1);
    }

    function stakeMore(address who, uint256 stake) internal {
        vm.deal(who, stake);
        vm.prank(who);
        validators.register{value: stake}(keccak256("key"), "", 0, 0);
    }

    // ── acts ──

    function ask(uint256 who) internal {
        vm.prank(account(who));
        panel.ask(id, BLOCK, PART);
    }

    function draw(uint256 limit) internal {
        panel.draw(id, BLOCK, PART, limit);
    }

    /// Two heights on, and one from which their hash is seen.
    function drawAll() internal {
        vm.roll(block.number + 3);
        draw(ALL);
    }

    function appeal(uint256 who) internal {
        vm.prank(account(who));
        panel.appeal(id, BLOCK, PART);
    }

    function conclude() internal {
        panel.conclude(id, BLOCK, PART);
    }

    function commitmentOf(address member, bool isHeld) internal view returns (bytes32) {
        (, uint8 round,) = panel.standing(id, BLOCK, PART);
        return keccak256(abi.encode(id, BLOCK, PART, round, member, isHeld, keccak256(abi.encode(member))));
    }

    function commit(uint8 place, bool isHeld) internal {
        address member = now_().members[place];
        bytes32 commitment = commitmentOf(member, isHeld);
        vm.prank(member);
        panel.commit(id, BLOCK, PART, place, commitment);
    }

    function reveal(uint8 place, bool isHeld) internal {
        address member = now_().members[place];
        panel.reveal(id, BLOCK, PART, place, isHeld, keccak256(abi.encode(member)));
    }

    /// So many of each, by place: those who hold it, who do not, who commit and do not reveal; the rest is silent.
    /// Ends when the time to reveal is over.
    function hear(uint256 held, uint256 notHeld, uint256 commitOnly) internal {
        uint256 drawnAt = now_().drawnAt;
        for (uint256 i = 0; i < held + notHeld + commitOnly; i++) {
            commit(uint8(i), i < held);
        }
        vm.warp(drawnAt + PERIOD / 2);
        for (uint256 i = 0; i < held + notHeld; i++) {
            reveal(uint8(i), i < held);
        }
        vm.warp(drawnAt + PERIOD);
    }

    function waitForAppeals() internal {
        vm.warp(block.timestamp + ANSWER);
    }

    // ── what is there ──

    function now_() internal view returns (IPanel.PanelRound memory) {
        (, uint8 round,) = panel.standing(id, BLOCK, PART);
        return panel.roundAt(id, BLOCK, PART, round);
    }

    function roundNow() internal view returns (uint256 round) {
        (, round,) = panel.standing(id, BLOCK, PART);
    }

    function isOver() internal view returns (bool over) {
        (,, over) = panel.standing(id, BLOCK, PART);
    }

    function holds(address who, uint256 free, uint256 stake, uint256 locked) internal view {
        (uint256 freeNow, uint256 stakeNow, uint256 lockedNow) = vault.weiOf(who);
        vm.assertEq(freeNow, free, "free");
        vm.assertEq(stakeNow, stake, "stake");
        vm.assertEq(lockedNow, locked, "locked");
    }

    function isStruck() internal view returns (bool struck) {
        (,,, struck) = seams.partOf(id, BLOCK, PART);
    }
}
