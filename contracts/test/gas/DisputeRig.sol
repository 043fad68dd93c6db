// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Adjudicator} from "../../src/disputes/Adjudicator.sol";
import {IDisputedBlocks} from "../../src/disputes/IDisputedBlocks.sol";
import {Panel} from "../../src/disputes/Panel.sol";
import {Questions} from "../../src/disputes/Questions.sol";
import {BlockResult, ChannelTerms} from "../../src/interfaces/ChannelTypes.sol";
import {AccusationScene} from "../disputes/support/AccusationScene.sol";
import {BlockWork} from "../support/BlockWork.sol";
import {SealedParts} from "../support/SealedParts.sol";
import {GasMeter} from "./GasMeter.sol";

/// All contracts as they are deployed, a block of theirs in dispute, and a book of what its acts take: by
/// act for the page, and by side for a whole game. What is logged is read by tools/gas.mjs.
abstract contract DisputeRig is AccusationScene, SealedParts, GasMeter {
    event log_named_uint(string key, uint256 val);

    /// Who pays for an act: who accuses or asks, who answers, the validators of a panel.
    enum Side {
        Asker,
        Answerer,
        Member
    }

    /// wei_: what its accounts had in the Vault when the game began.
    struct Spent {
        uint256 acts;
        uint256 gas;
        address[] accounts;
        uint256 wei_;
    }

    /// Of a transaction (EIP-7825).
    uint256 private constant GAS_MAX = 1 << 24;

    Questions internal questions;
    Panel internal panel;
    mapping(Side side => Spent) private spent;

    function setUp() public virtual override(AccusationScene, BlockWork) {
        BlockWork.setUp();
        IDisputedBlocks seen = IDisputedBlocks(address(blocks));
        Adjudicator made = new Adjudicator(channels, vault, seen, participants, reducerTable);
        vm.etch(ADJUDICATOR, address(made).code);
        vm.etch(QUESTIONS, address(new Questions(channels, vault, blocks, participants)).code);
        vm.etch(PANEL, address(new Panel(address(channels), vault, blocks, participants, validators)).code);
        (adjudicator, questions, panel) = (Adjudicator(ADJUDICATOR), Questions(QUESTIONS), Panel(PANEL));
    }

    /// Of 128 MiB of each author in a part: a block of a million impressions fits.
    function termsOf() internal view virtual override returns (ChannelTerms memory terms) {
        terms = openTerms(size);
        terms.authorBytesMax = 1 << 27;
    }

    function keyLeaves() internal pure override(BlockWork, SealedParts) returns (bytes32[] memory) {
        return SealedParts.keyLeaves();
    }

    function openChannelOf(uint256 size_) internal {
        size = size_;
        words = (size + 3) / 4;
        channelId = open(termsOf());
        fundAll(channelId, size, 1e19);
    }

    function allParts() internal view returns (uint16) {
        return uint16((1 << size) - 1);
    }

    /// As a result has them: entry 0 is the sum of the others.
    function madeUpAmounts() internal view override returns (bytes32[] memory) {
        uint64[] memory amounts = new uint64[](size);
        for (uint256 i = 1; i < size; i++) {
            amounts[i] = uint64(0x1234567890 + i);
        }
        return wordsOf(amounts);
    }

    // ── acts ──

    /// As a transaction of its own; between acts gas is not counted. `what` is not told where it is empty.
    function act(string memory what, Side side, address sender, address to, bytes memory data) internal {
        vm.resumeGasMetering();
        vm.prank(sender);
        (bool isDone, bytes memory why) = to.call(data);
        uint256 used = gasOfLastCall();
        vm.pauseGasMetering();
        if (!isDone) {
            assembly ("memory-safe") {
                revert(add(why, 0x20), mload(why))
            }
        }
        uint256 tokens = tokensOf(data);
        uint256 least = 21_000 + 10 * tokens;
        if (bytes(what).length > 0) {
            emit log_named_uint(string.concat(what, "; gas"), used);
            emit log_named_uint(string.concat(what, "; calldata"), 4 * tokens);
            emit log_named_uint(string.concat(what, "; least"), least);
        }
        book(side, used < least ? least : used);
    }

    function book(Side side, uint256 charged) private {
        vm.assertLe(charged, GAS_MAX, "more than a transaction may take");
        Spent storage one = spent[side];
        one.acts++;
        one.gas += charged;
    }

    /// A game begins: nobody has spent anything.
    function seat(address[] memory askers, address[] memory answerers) internal {
        delete spent[Side.Member];
        spent[Side.Asker] = Spent(0, 0, askers, weiIn(askers));
        spent[Side.Answerer] = Spent(0, 0, answerers, weiIn(answerers));
    }

    /// What each side of a game spent in gas, as a chain charges it, and lost or gained of its bonds, in
    /// gwei.
    function tell(string memory game) internal {
        string[3] memory names = ["asker", "answerer", "member"];
        for (uint256 i = 0; i < 3; i++) {
            Spent storage one = spent[Side(i)];
            if (one.acts == 0 && one.accounts.length == 0) continue;
            string memory head = string.concat(game, "; ", names[i], "; ");
            emit log_named_uint(string.concat(head, "acts"), one.acts);
            emit log_named_uint(string.concat(head, "gas"), one.gas);
            uint256 now_ = weiIn(one.accounts);
            emit log_named_uint(
                string.concat(head, "lost"), one.wei_ > now_ ? (one.wei_ - now_) / 1 gwei : 0
            );
            emit log_named_uint(
                string.concat(head, "gained"), now_ > one.wei_ ? (now_ - one.wei_) / 1 gwei : 0
            );
        }
    }

    function only(address account_) internal pure returns (address[] memory list) {
        list = new address[](1);
        list[0] = account_;
    }

    function weiIn(address[] memory accounts) private view returns (uint256 sum) {
        for (uint256 i = 0; i < accounts.length; i++) {
            (uint256 free, uint256 staked, uint256 locked) = vault.weiOf(accounts[i]);
            sum += free + staked + locked;
        }
    }

    /// Of EIP-7623: a zero byte of calldata is one token, any other four. Counts the bytes of a word at
    /// once: the high bit of each that is zero, added up by a product.
    function tokensOf(bytes memory data) private pure returns (uint256 tokens) {
        uint256 ones = type(uint256).max / 255;
        uint256 zeros = 0;
        for (uint256 at_ = 0; at_ < data.length; at_ += 32) {
            uint256 word;
            assembly ("memory-safe") {
                word := mload(add(add(data, 0x20), at_))
            }
            // What lies beyond the end counts as no zero.
            if (data.length - at_ < 32) word |= type(uint256).max >> (8 * (data.length - at_));
            uint256 high = ~(((word & (127 * ones)) + 127 * ones) | word | (127 * ones));
            unchecked {
                zeros += ((high >> 7) * ones) >> 248;
            }
        }
        return 4 * data.length - 3 * zeros;
    }
}
