// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IPanel} from "../../src/disputes/IPanel.sol";
import {IVault} from "../../src/interfaces/IVault.sol";
import {Bonds} from "../../src/lib/Bonds.sol";
import {Campaign} from "../support/Campaign.sol";
import {PanelActors} from "./support/PanelActors.sol";

/// Bonds add up after every act of anybody, and all of them come back or are lost to somebody in the end.
/// forge-config: default.invariant.runs = 24
/// forge-config: long.invariant.runs = 5000
contract PanelInvariantsTest is Campaign {
    PanelActors private actors;
    IPanel private panel;
    IVault private vault;
    bytes32 private id;
    uint64 private blockNumber;

    function setUp() public {
        actors = new PanelActors();
        actors.setUp();
        (address panel_, address vault_, bytes32 id_, uint64 number) = actors.places();
        (panel, vault, id, blockNumber) = (IPanel(panel_), IVault(vault_), id_, number);
    }

    function actorsAt() internal view override returns (address) {
        return address(actors);
    }

    function acts() internal pure override returns (bytes4[] memory all) {
        bytes4[18] memory each = [
            PanelActors.stakeSome.selector,
            PanelActors.announceSome.selector,
            PanelActors.completeSome.selector,
            PanelActors.lockSome.selector,
            PanelActors.seatSome.selector,
            PanelActors.askSome.selector,
            PanelActors.askSome.selector,
            PanelActors.drawSome.selector,
            PanelActors.drawSome.selector,
            PanelActors.drawSome.selector,
            PanelActors.hearSome.selector,
            PanelActors.hearSome.selector,
            PanelActors.appealSome.selector,
            PanelActors.concludeSome.selector,
            PanelActors.releaseSome.selector,
            PanelActors.spendElsewhere.selector,
            PanelActors.closeSome.selector,
            PanelActors.pass.selector
        ];
        all = new bytes4[](each.length);
        for (uint256 i = 0; i < each.length; i++) {
            all[i] = each[i];
        }
    }

    function invariant_bonds_add_up() external view {
        (uint256 all, uint256 locked) = books();
        vm.assertEq(all, actors.deposited(), "all wei");
        vm.assertEq(all, address(vault).balance, "held");
        uint256 expected = actors.lockedElsewhere() + actors.partBonds();
        for (uint8 part = 0; part < actors.PARTS(); part++) {
            expected += lockedFor(part);
        }
        vm.assertEq(locked, expected, "locked");
        (uint256 free, uint256 stake, uint256 mine) = vault.weiOf(address(panel));
        vm.assertEq(free + stake + mine, 0, "the panel holds something");
    }

    function invariant_nothing_ends_twice() external view {
        for (uint8 part = 0; part < actors.PARTS(); part++) {
            (,, bool isOver) = panel.standing(id, blockNumber, part);
            vm.assertEq(actors.concluded(part), isOver ? 1 : 0, "ended");
        }
    }

    /// Once a run, at its end: the clock ends what was asked, or the end of the block does.
    function afterInvariant() external {
        uint256 before = vm.snapshotState();
        for (uint8 part = 0; part < actors.PARTS(); part++) {
            actors.releaseSome(part);
            vm.assertTrue(actors.endsByTime(part), "goes on for ever");
        }
        onlyOthersAreLocked();
        vm.revertToState(before);
        actors.close();
        for (uint8 part = 0; part < actors.PARTS(); part++) {
            actors.releaseSome(part);
        }
        onlyOthersAreLocked();
    }

    function onlyOthersAreLocked() private view {
        (, uint256 locked) = books();
        vm.assertEq(locked, actors.lockedElsewhere() + actors.partBonds(), "locked for ever");
    }

    function lockedFor(uint8 part) private view returns (uint256 sum) {
        (address asker, uint8 last, bool isOver) = panel.standing(id, blockNumber, part);
        if (asker == address(0) || isOver) return 0;
        sum = Bonds.QUESTION + actors.bound_(part);
        for (uint8 round = 1; round <= last; round++) {
            bool isAppeal = panel.roundAt(id, blockNumber, part, round).appellant != address(0);
            if (isAppeal) sum += round == 1 ? 0.02 ether : 0.04 ether;
        }
    }

    function books() private view returns (uint256 all, uint256 locked) {
        for (uint256 i = 0; i < 6 + actors.VALIDATORS(); i++) {
            (uint256 free, uint256 stake, uint256 its) = vault.weiOf(actors.accountAt(i));
            all += free + stake + its;
            locked += its;
        }
    }
}
