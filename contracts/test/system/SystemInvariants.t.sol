// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IBlocks} from "../../src/interfaces/IBlocks.sol";
import {BlockWords} from "../../src/interfaces/BlockTypes.sol";
import {Channels} from "../../src/channels/Channels.sol";
import {Stage} from "../../src/interfaces/ChannelTypes.sol";
import {LineFacts, TokenBook, WeiBook} from "../../src/interfaces/IVault.sol";
import {Lens} from "../../src/lens/Lens.sol";
import {BlockState, BlockWords as RawWords, Dispute} from "../../src/lib/BlockWords.sol";
import {Bonds} from "../../src/lib/Bonds.sol";
import {TestToken} from "../../src/test-token/TestToken.sol";
import {Vault} from "../../src/vault/Vault.sol";
import {Campaign} from "../support/Campaign.sol";
import {VaultIndexer} from "../vault/support/VaultIndexer.sol";
import {SystemActors} from "./support/SystemActors.sol";
import {SystemDisputes} from "./support/SystemDisputes.sol";
import {SystemBlocks} from "./support/SystemBlocks.sol";

/// What holds of all contracts together after every act of anybody.
/// forge-config: default.invariant.check-interval = 16
contract SystemInvariantsTest is Campaign {
    SystemActors private actors;
    Vault private vault;
    IBlocks private blocks;
    Channels private channels;
    Lens private lens;
    TestToken private token;

    function setUp() public {
        actors = new SystemActors();
        actors.setUp();
        (vault, blocks, channels, lens, token) = actors.contracts();
    }

    function actorsAt() internal view override returns (address) {
        return address(actors);
    }

    /// What carries a block on stands there more often: what the others do is seen against it.
    function acts() internal pure override returns (bytes4[] memory all) {
        bytes4[32] memory each = [
            SystemBlocks.letTimePass.selector,
            SystemBlocks.letTimePass.selector,
            SystemBlocks.letTimePass.selector,
            SystemBlocks.letTimePass.selector,
            SystemBlocks.letTimePass.selector,
            SystemBlocks.letTimePass.selector,
            SystemBlocks.stayQuiet.selector,
            SystemBlocks.carryOn.selector,
            SystemBlocks.carryOn.selector,
            SystemBlocks.carryOn.selector,
            SystemBlocks.carryOn.selector,
            SystemBlocks.carryOn.selector,
            SystemBlocks.ownSome.selector,
            SystemBlocks.acceptSome.selector,
            SystemDisputes.accuseSome.selector,
            SystemDisputes.judgeSome.selector,
            SystemDisputes.askSome.selector,
            SystemDisputes.concludeSome.selector,
            SystemBlocks.endSome.selector,
            SystemBlocks.endSome.selector,
            SystemActors.depositSome.selector,
            SystemActors.requestSome.selector,
            SystemActors.executeSome.selector,
            SystemActors.releaseSome.selector,
            SystemActors.serveSome.selector,
            SystemActors.giveUpSome.selector,
            SystemActors.giveUpSome.selector,
            SystemActors.closeSome.selector,
            SystemActors.withdrawSome.selector,
            SystemActors.depositWeiSome.selector,
            SystemActors.stakeSome.selector,
            SystemActors.sendOldAgain.selector
        ];
        all = new bytes4[](32);
        for (uint256 i = 0; i < 32; i++) {
            all[i] = each[i];
        }
    }

    function holds_a_block_pays_the_cover_shown_at_its_start_whatever_happens() private view {
        vm.assertEq(actors.broken("cover"), "");
        uint64 started = actors.startedNow();
        for (uint256 c = 0; c < actors.CHANNELS(); c++) {
            bytes32 id = actors.idOf(c);
            // The second payee may itself have released what was promised to it.
            LineFacts memory facts = vault.line(id, 1);
            uint256 live = 0;
            for (uint64 n = 0; n < started; n++) {
                if (actors.isOver(id, n)) continue;
                uint256 sure = actors.promised(id, n, 1);
                if (sure > 0) vm.assertGe(facts.amount, facts.blockMax * live + sure, "promise");
                live++;
            }
        }
    }

    /// Tokens: lines, balances, contested. Wei: bonds, reserved fees, and accounts; what is lost is burnt or another's.
    function holds_what_is_held_is_what_the_books_say() private view {
        requireTokensHeld();
        requireBondsAndFeesLocked();
        requireBurnt();
    }

    /// Void blocks pay and keep nothing; whatever number is quiet, what is not over is counted, at a price
    /// that does not grow.
    function holds_void_and_quiet_blocks_cost_nothing() private view {
        requireVoidPayNothing();
        requireLiveCounted();
        uint256 before = gasleft();
        vault.cover(actors.idOf(0), actors.BLOCKS() - 1, 1);
        vm.assertLe(before - gasleft(), 100_000, "gas of cover");
    }

    function requireTokensHeld() private view {
        uint256 sum = 0;
        for (uint256 i = 0; i < actors.PEOPLE(); i++) {
            sum += vault.balanceOf(address(token), actors.person(i));
        }
        for (uint256 c = 0; c < actors.CHANNELS(); c++) {
            bytes32 id = actors.idOf(c);
            for (uint8 i = 1; i < actors.MEMBERS(); i++) {
                sum += vault.line(id, i).amount;
                for (uint64 n = 0; n < actors.BLOCKS(); n++) {
                    (uint256 amount,) = vault.contested(id, n, i);
                    sum += amount;
                }
            }
        }
        vm.assertEq(token.balanceOf(address(vault)), sum, "tokens held");
    }

    /// Nobody's wei is locked for anything else, and nothing that stands is without its bond and fee.
    function requireBondsAndFeesLocked() private view {
        uint256[] memory expected = new uint256[](actors.PEOPLE());
        for (uint256 c = 0; c < actors.CHANNELS(); c++) {
            for (uint64 n = 0; n < actors.BLOCKS(); n++) {
                bytes32 id = actors.idOf(c);
                if (actors.hasParts(id, n)) addLocked(expected, id, n);
            }
        }
        for (uint256 i = 0; i < actors.PEOPLE(); i++) {
            (,, uint256 locked) = vault.weiOf(actors.person(i));
            vm.assertEq(locked, expected[i] + actors.bondsOpen(actors.person(i)), "locked");
        }
    }

    function holds_no_old_signature_moves_anything_and_every_refusal_has_a_name() private view {
        vm.assertEq(actors.broken("old signature"), "");
        vm.assertEq(actors.broken("refusal"), "");
    }

    /// Parts are written once, and what is over stays as it ended.
    function holds_stages_go_forward_to_an_end_within_the_bound_of_the_terms() private view {
        vm.assertEq(actors.broken("stage"), "");
        vm.assertEq(actors.broken("write once"), "");
        vm.assertEq(actors.broken("decision"), "");
        for (uint256 c = 0; c < actors.CHANNELS(); c++) {
            for (uint64 n = 0; n < actors.BLOCKS(); n++) {
                if (block.timestamp < actors.endBound(n)) continue;
                Stage stage = actors.stageNow(actors.idOf(c), n);
                vm.assertGe(uint256(stage), uint256(Stage.Final), "no end");
            }
        }
    }

    function requireLiveCounted() private view {
        for (uint256 c = 0; c < actors.CHANNELS(); c++) {
            bytes32 id = actors.idOf(c);
            (,, uint64 blocksEnd) = channels.standing(id);
            uint256 live = 0;
            for (uint64 n = 0; n <= actors.BLOCKS(); n++) {
                vm.assertEq(blocks.liveBefore(id, n), live, "live");
                if (n < blocksEnd && !actors.isOver(id, n)) live++;
            }
        }
    }

    function requireVoidPayNothing() private view {
        for (uint256 c = 0; c < actors.CHANNELS(); c++) {
            bytes32 id = actors.idOf(c);
            for (uint64 n = 0; n < actors.BLOCKS(); n++) {
                if (actors.stageNow(id, n) != Stage.Void) continue;
                vm.assertEq(actors.paidBy(id, n), 0, "paid");
                for (uint8 i = 1; i < actors.MEMBERS(); i++) {
                    (uint256 amount,) = vault.contested(id, n, i);
                    vm.assertEq(amount, 0, "contested");
                }
            }
        }
    }

    function requireBurnt() private view {
        (uint256 burnt, uint256 stake, uint256 locked) = vault.weiOf(Bonds.BURN);
        vm.assertEq(burnt, actors.burnt(), "burnt");
        vm.assertEq(stake + locked, 0);
    }

    function holds_events_alone_tell_every_line_debt_balance_and_book() private view {
        VaultIndexer indexer = actors.indexer();
        for (uint256 c = 0; c < actors.CHANNELS(); c++) {
            bytes32 id = actors.idOf(c);
            for (uint8 i = 1; i < actors.MEMBERS(); i++) {
                LineFacts memory facts = vault.line(id, i);
                address payee = actors.person(i);
                vm.assertEq(indexer.booked(id, payee, TokenBook.Line), facts.amount, "line");
                vm.assertEq(indexer.booked(id, payee, TokenBook.Owed), facts.debt, "debt");
                vm.assertEq(indexer.requested(id, payee), facts.requested, "request");
            }
        }
        for (uint256 i = 0; i < actors.PEOPLE(); i++) {
            address account = actors.person(i);
            uint256 balance = vault.balanceOf(address(token), account);
            vm.assertEq(indexer.balances(address(token), account), balance, "balance");
            (uint256 free, uint256 stake, uint256 locked) = vault.weiOf(account);
            vm.assertEq(indexer.weiBooks(account, WeiBook.Free), free, "free");
            vm.assertEq(indexer.weiBooks(account, WeiBook.Stake), stake, "stake");
            vm.assertEq(indexer.weiBooks(account, WeiBook.Locked), locked, "locked");
        }
    }

    /// All of them in one campaign: what the long profile runs.
    function invariant_everything_at_once() external view {
        holds_a_block_pays_the_cover_shown_at_its_start_whatever_happens();
        holds_what_is_held_is_what_the_books_say();
        holds_void_and_quiet_blocks_cost_nothing();
        holds_no_old_signature_moves_anything_and_every_refusal_has_a_name();
        holds_stages_go_forward_to_an_end_within_the_bound_of_the_terms();
        holds_events_alone_tell_every_line_debt_balance_and_book();
    }

    /// Once a run, at its end: every block ends, and nobody's money stays.
    function afterInvariant() external {
        vm.assertTrue(actors.takeEverythingOut(), "something stays in the Vault");
        vm.assertEq(actors.broken("cover"), "");
        vm.assertEq(actors.broken("decision"), "");
    }

    /// Otherwise the invariants would hold of too little.
    function test_the_acts_reach_all_that_the_contracts_do() external {
        vm.pauseGasMetering();
        string[29] memory acts = [
            "part",
            "commit",
            "reveal",
            "own result",
            "acceptance",
            "own result in the window",
            "accusation",
            "failed accusation",
            "released accusation",
            "fall",
            "question",
            "refutation",
            "released question",
            "strike",
            "shared",
            "decision",
            "settle",
            "settle between",
            "void",
            "deposit",
            "request",
            "execute",
            "release",
            "debt",
            "give up",
            "close",
            "withdraw",
            "old",
            "exit"
        ];
        uint256[29] memory counts;
        for (uint256 run = 0; run < 30; run++) {
            setUp();
            for (uint256 k = 0; k < 150; k++) {
                actRandomly(uint256(keccak256(abi.encode(run, k))));
            }
            vm.assertTrue(actors.takeEverythingOut(), "something stays in the Vault");
            for (uint256 i = 0; i < acts.length; i++) {
                counts[i] += actors.taken(acts[i]);
            }
        }
        for (uint256 i = 0; i < acts.length; i++) {
            vm.assertGe(counts[i], 2, acts[i]);
        }
    }

    function actRandomly(uint256 seed) private {
        bytes4[] memory acts = this.targetSelectors()[0].selectors;
        uint256 amount = uint256(keccak256(abi.encode(seed)));
        (bool isDone,) = address(actors).call(abi.encodePacked(acts[seed % acts.length], seed >> 8, amount));
        vm.assertTrue(isDone, "an act failed");
    }

    function addLocked(uint256[] memory expected, bytes32 id, uint64 n) private view {
        uint256[] memory raw = blocks.rawWords(id, n);
        Dispute memory dispute = RawWords.disputeOf(raw[RawWords.DISPUTE]);
        addBonds(expected, dispute.forfeitable, Bonds.OWN_RESULT);
        BlockState memory state = RawWords.stateOf(raw[RawWords.STATE]);
        if (state.endedAt != 0) return;
        for (uint256 part = 0; state.posted >> part != 0; part++) {
            if ((state.posted >> part) & 1 == 1) {
                expected[part] += Bonds.PART - raw[RawWords.CHARGES + part];
            }
        }
        // Also of one that was taken back.
        addBonds(expected, state.own & ~dispute.lostOwn, Bonds.OWN_RESULT);
        BlockWords memory words = lens.blockWords(id, n);
        for (uint256 i = 0; i < words.seats.length; i++) {
            uint256 participant = words.seats[i].participant;
            expected[participant] += words.seats[i].feeWei;
            if ((dispute.lostSeats >> participant) & 1 == 1) continue;
            for (uint256 k = 0; k < expected.length; k++) {
                if (actors.person(k) == words.seats[i].validator) expected[k] += Bonds.SEAT;
            }
        }
    }

    function addBonds(uint256[] memory expected, uint256 mask, uint256 amount) private pure {
        for (uint256 i = 0; mask >> i != 0; i++) {
            if ((mask >> i) & 1 == 1) expected[i] += amount;
        }
    }
}
