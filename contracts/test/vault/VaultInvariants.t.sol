// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IVault, LineFacts, TokenBook, WeiBook} from "../../src/interfaces/IVault.sol";
import {Campaign} from "../support/Campaign.sol";
import {ScriptedBlocks} from "./support/ScriptedChannels.sol";
import {VaultActors} from "./support/VaultActors.sol";
import {VaultIndexer} from "./support/VaultIndexer.sol";

/// What holds of a Vault after every act of anybody.
contract VaultInvariantsTest is Campaign {
    VaultActors private actors;
    IVault private vault;

    function setUp() public {
        actors = new VaultActors();
        actors.setUp();
        vault = actors.vault();
    }

    function actorsAt() internal view override returns (address) {
        return address(actors);
    }

    /// What drives a block stands there more often: what the others do is seen against it.
    function acts() internal pure override returns (bytes4[] memory all) {
        all = new bytes4[](17);
        bytes4[17] memory each = [
            VaultActors.letTimePass.selector,
            VaultActors.letTimePass.selector,
            VaultActors.letTimePass.selector,
            VaultActors.settleSome.selector,
            VaultActors.settleSome.selector,
            VaultActors.closeSome.selector,
            VaultActors.depositSome.selector,
            VaultActors.depositSome.selector,
            VaultActors.requestSome.selector,
            VaultActors.executeSome.selector,
            VaultActors.releaseSome.selector,
            VaultActors.payDebtSome.selector,
            VaultActors.serveSome.selector,
            VaultActors.giveUpSome.selector,
            VaultActors.withdrawSome.selector,
            VaultActors.depositWeiSome.selector,
            VaultActors.moveSome.selector
        ];
        for (uint256 i = 0; i < 17; i++) {
            all[i] = each[i];
        }
    }

    function holds_tokens_held_are_lines_and_balances_and_contested() private view {
        for (uint256 c = 1; c < actors.CHANNELS(); c++) {
            address token = actors.tokenOf(c);
            uint256 sum = balancesOf(token);
            for (uint256 other = 0; other < actors.CHANNELS(); other++) {
                if (actors.tokenOf(other) == token) sum += inChannel(actors.idOf(other));
            }
            vm.assertEq(IERC20(token).balanceOf(address(vault)), sum, "tokens held");
        }
    }

    function holds_wei_held_are_the_three_books_of_all_accounts() private view {
        uint256 sum = weiOf(actors.BURN());
        for (uint256 i = 0; i < actors.PEOPLE(); i++) {
            sum += weiOf(actors.person(i));
        }
        vm.assertEq(address(vault).balance, sum, "wei held");
    }

    function holds_a_cover_that_was_shown_at_a_blocks_start_lies_in_the_line_until_it_is_over()
        public
        view
    {
        ScriptedBlocks blocks = actors.blocks();
        uint64 started = actors.startedNow();
        for (uint256 c = 0; c < actors.CHANNELS(); c++) {
            bytes32 id = actors.idOf(c);
            // The second payee may itself have released what was promised to it.
            LineFacts memory facts = vault.line(id, 1);
            uint256 live = 0;
            for (uint64 n = 0; n < started; n++) {
                if (blocks.isOver(id, n)) continue;
                uint256 sure = actors.promised(id, n, 1);
                if (sure > 0) vm.assertGe(facts.amount, facts.blockMax * live + sure, "promise");
                live++;
            }
        }
    }

    function holds_no_act_breaks_a_rule_and_no_refusal_is_without_reason() private view {
        vm.assertEq(actors.broken(), "");
    }

    function holds_what_blocks_owe_is_got_or_is_debt() private view {
        for (uint256 c = 0; c < actors.CHANNELS(); c++) {
            bytes32 id = actors.idOf(c);
            for (uint8 i = 1; i < actors.PEOPLE() - 1; i++) {
                uint256 debt = vault.line(id, i).debt;
                vm.assertEq(actors.owedInAll(id, i), actors.gotInAll(id, i) + debt, "owed");
            }
        }
    }

    function holds_events_alone_tell_every_line_debt_request_balance_and_book() private view {
        VaultIndexer indexer = actors.indexer();
        for (uint256 c = 0; c < actors.CHANNELS(); c++) {
            bytes32 id = actors.idOf(c);
            for (uint8 i = 1; i < actors.PEOPLE() - 1; i++) {
                LineFacts memory facts = vault.line(id, i);
                address payee = actors.person(i);
                vm.assertEq(indexer.booked(id, payee, TokenBook.Line), facts.amount, "line");
                vm.assertEq(indexer.booked(id, payee, TokenBook.Owed), facts.debt, "debt");
                vm.assertEq(indexer.requested(id, payee), facts.requested, "request");
                for (uint64 n = 0; n < actors.BLOCKS(); n++) {
                    (uint256 amount,) = vault.contested(id, n, i);
                    vm.assertEq(indexer.contested(id, n, payee), amount, "contested");
                }
            }
        }
        for (uint256 i = 0; i <= actors.PEOPLE(); i++) {
            address account = i == actors.PEOPLE() ? actors.BURN() : actors.person(i);
            for (uint256 c = 1; c < 3; c++) {
                address token = actors.tokenOf(c);
                uint256 balance = vault.balanceOf(token, account);
                vm.assertEq(indexer.balances(token, account), balance, "balance");
            }
            (uint256 free, uint256 stake, uint256 locked) = vault.weiOf(account);
            vm.assertEq(indexer.weiBooks(account, WeiBook.Free), free, "free");
            vm.assertEq(indexer.weiBooks(account, WeiBook.Stake), stake, "stake");
            vm.assertEq(indexer.weiBooks(account, WeiBook.Locked), locked, "locked");
        }
    }

    /// All of them in one campaign: what the long profile runs.
    function invariant_everything_at_once() external view {
        holds_tokens_held_are_lines_and_balances_and_contested();
        holds_wei_held_are_the_three_books_of_all_accounts();
        holds_a_cover_that_was_shown_at_a_blocks_start_lies_in_the_line_until_it_is_over();
        holds_no_act_breaks_a_rule_and_no_refusal_is_without_reason();
        holds_what_blocks_owe_is_got_or_is_debt();
        holds_events_alone_tell_every_line_debt_request_balance_and_book();
    }

    /// Once a run, at its end: nobody's money stays.
    function afterInvariant() external {
        vm.assertTrue(actors.takeEverythingOut(), "something stays in the Vault");
    }

    /// Otherwise the invariants would hold of too little: every act succeeds somewhere in a few thousand.
    function test_the_acts_reach_all_that_a_vault_does() external {
        vm.pauseGasMetering();
        string[19] memory acts = [
            "void",
            "settle",
            "settle between",
            "close",
            "deposit",
            "deposit over a debt",
            "request",
            "execute in time",
            "execute when closed",
            "release",
            "pay debt",
            "serve",
            "concede",
            "release contested",
            "burn",
            "withdraw",
            "move",
            "too little wei",
            "guard"
        ];
        uint256[19] memory counts;
        for (uint256 run = 0; run < 40; run++) {
            actors = new VaultActors();
            actors.setUp();
            for (uint256 k = 0; k < 150; k++) {
                actRandomly(uint256(keccak256(abi.encode(run, k))));
            }
            vm.assertEq(actors.broken(), "");
            for (uint256 i = 0; i < acts.length; i++) {
                counts[i] += actors.taken(acts[i]);
            }
        }
        for (uint256 i = 0; i < acts.length; i++) {
            vm.assertGe(counts[i], 3, acts[i]);
        }
    }

    function actRandomly(uint256 seed) private {
        bytes4[] memory acts = this.targetSelectors()[0].selectors;
        bytes memory call = abi.encodePacked(acts[seed % acts.length], seed >> 8);
        for (uint256 k = 0; k < 4; k++) {
            // Small enough for any of the fields.
            call = abi.encodePacked(call, uint256(keccak256(abi.encode(seed, k))) >> 192);
        }
        (bool isDone,) = address(actors).call(call);
        vm.assertTrue(isDone, "an act failed");
    }

    function balancesOf(address token) private view returns (uint256 sum) {
        sum = vault.balanceOf(token, actors.BURN());
        for (uint256 i = 0; i < actors.PEOPLE(); i++) {
            sum += vault.balanceOf(token, actors.person(i));
        }
    }

    function inChannel(bytes32 id) private view returns (uint256 sum) {
        for (uint8 i = 1; i < actors.PEOPLE() - 1; i++) {
            sum += vault.line(id, i).amount;
            for (uint64 n = 0; n < actors.BLOCKS(); n++) {
                (uint256 amount,) = vault.contested(id, n, i);
                sum += amount;
            }
        }
    }

    function weiOf(address account) private view returns (uint256) {
        (uint256 free, uint256 stake, uint256 locked) = vault.weiOf(account);
        return free + stake + locked;
    }
}
