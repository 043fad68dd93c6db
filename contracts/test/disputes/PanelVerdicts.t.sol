// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IPanel} from "../../src/disputes/IPanel.sol";
import {Bonds} from "../../src/lib/Bonds.sol";
import {PanelFixture} from "./support/PanelFixture.sol";

/// What a panel of one round decides, and who pays it.
contract PanelVerdictsTest is PanelFixture {
    uint256 private constant STAKE = 1 ether;
    uint256 private constant PAY = Bonds.PANEL_PAY;
    uint256 private constant BOND = Bonds.QUESTION;
    uint256 private constant FREE = 1 ether - Bonds.PART;

    function test_held_the_asker_and_the_owner_pay_half_each() public {
        list(0, 7, STAKE);
        ask(0);
        holds(account(0), 1 ether - BOND, 0, BOND);
        drawAll();
        hear(4, 3, 0);
        waitForAppeals();
        vm.expectEmit(PANEL);
        emit IPanel.PanelConcluded(id, BLOCK, PART, true);
        conclude();
        vm.assertFalse(isStruck(), "struck");
        holds(account(0), 1 ether - 7 * PAY / 2, 0, 0);
        holds(account(1), FREE, 0, Bonds.PART - 7 * PAY / 2);
        for (uint256 i = 0; i < 7; i++) {
            holds(validator(i), PAY, STAKE, 0);
        }
        endsClean();
    }

    function test_not_held_the_owner_pays_and_the_part_is_struck() public {
        list(0, 7, STAKE);
        ask(0);
        drawAll();
        hear(3, 4, 0);
        waitForAppeals();
        vm.expectEmit(PANEL);
        emit IPanel.PanelConcluded(id, BLOCK, PART, false);
        conclude();
        vm.assertTrue(isStruck(), "struck");
        vm.assertEq(seams.proversOf(id, BLOCK, PART), 1, "provers");
        holds(account(0), 1 ether, 0, 0);
        holds(account(1), FREE, 0, Bonds.PART - 7 * PAY);
        holds(Bonds.BURN, 0, 0, 0);
        for (uint256 i = 0; i < 7; i++) {
            holds(validator(i), PAY, STAKE, 0);
        }
        endsClean();
    }

    function test_the_silent_lose_a_part_of_their_bond_and_have_no_pay() public {
        list(0, 7, STAKE);
        ask(0);
        drawAll();
        address[] memory members = now_().members;
        hear(1, 0, 2);
        waitForAppeals();
        conclude();
        holds(members[0], PAY, STAKE, 0);
        for (uint256 i = 1; i < 7; i++) {
            holds(members[i], 0, STAKE - Bonds.PANEL_SILENCE, 0);
        }
        holds(Bonds.BURN, 6 * Bonds.PANEL_SILENCE, 0, 0);
        holds(account(0), 1 ether - PAY / 2, 0, 0);
        endsClean();
    }

    /// Over, freed once, and nothing is left with the contract.
    function endsClean() private {
        vm.assertTrue(isOver(), "over");
        vm.assertEq(seams.questionsHeld(id, BLOCK), 0);
        holds(PANEL, 0, 0, 0);
        vm.expectRevert(abi.encodeWithSelector(IPanel.AlreadyConcluded.selector, id, BLOCK, PART));
        conclude();
    }
}
