// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IERC20, SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {ChannelTerms, Stage} from "../interfaces/ChannelTypes.sol";
import {IChannelActs} from "../interfaces/IChannelActs.sol";
import {AmountWords} from "../lib/AmountWords.sol";
import {TypedData} from "../lib/TypedData.sol";
import {BlockStages} from "../lib/BlockStages.sol";
import {ChannelStore} from "./ChannelStore.sol";

/// Deposits, debts and withdrawals. At any time, of every token: what this contract holds = deposits +
/// balances.
abstract contract ChannelMoney is IChannelActs, ChannelStore, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    /// Debts that a deposit or settlement serves by itself, and blocks that a withdrawal looks at by itself,
    /// so that neither can ever need more gas than a height has; payDebts and advance do the rest in steps.
    uint256 private constant DEBTS_A_CALL = 16;
    uint256 private constant BLOCKS_A_CALL = 1_024;
    uint256 private constant BITS = 256;

    function deposit(bytes32 channelId, uint256 amount) external nonReentrant {
        (Channel storage one, ChannelTerms memory terms) = channelOf(channelId);
        IERC20 token = IERC20(terms.token);
        uint256 before = token.balanceOf(address(this));
        token.safeTransferFrom(msg.sender, address(this), amount);
        // Measured, since some tokens keep a fee.
        uint256 received = token.balanceOf(address(this)) - before;
        if (received == 0) revert AmountZero();
        one.deposit += received;
        emit Deposited(channelId, msg.sender, received);
        serveDebts(channelId, one, terms, DEBTS_A_CALL);
    }

    function payDebts(bytes32 channelId, uint256 debtsMax) external {
        (Channel storage one, ChannelTerms memory terms) = channelOf(channelId);
        serveDebts(channelId, one, terms, debtsMax);
    }

    function requestWithdrawal(bytes32 channelId, uint256 amount) external {
        (Channel storage one, ChannelTerms memory terms) = channelOf(channelId);
        if (msg.sender != terms.participants[0]) revert NotPayer(channelId, msg.sender);
        if (amount > 0) {
            if (one.withdrawalRequested > 0) {
                revert WithdrawalAlreadyRequested(channelId, one.withdrawalRequested);
            }
            if (amount > one.deposit) revert DepositTooSmall(channelId, one.deposit, amount);
        }
        one.withdrawalRequested = amount;
        one.withdrawalRequestedAt = amount > 0 ? uint40(block.timestamp) : 0;
        emit WithdrawalRequested(channelId, amount);
    }

    function executeWithdrawal(bytes32 channelId) external {
        (Channel storage one, ChannelTerms memory terms) = channelOf(channelId);
        uint256 over = moveOver(channelId, one, terms, BLOCKS_A_CALL);
        serveDebts(channelId, one, terms, DEBTS_A_CALL);
        if (one.debt > 0) revert DebtsFirst(channelId, one.debt);
        uint256 amount = one.deposit;
        if (over < one.blocksEnd) {
            // The channel goes on: only what was requested, once every block that had started by then is
            // over.
            uint256 requested = one.withdrawalRequested;
            if (requested == 0) revert NothingToWithdraw(channelId);
            uint256 needed =
                Math.min(BlockStages.startedAt(terms, one.withdrawalRequestedAt), one.blocksEnd);
            if (over < needed) revert BlocksNotOver(channelId, uint64(over), uint64(needed));
            amount = Math.min(requested, amount);
        }
        if (amount == 0) revert NothingToWithdraw(channelId);
        one.withdrawalRequested = 0;
        one.withdrawalRequestedAt = 0;
        payOut(channelId, one, terms, amount);
    }

    function advance(bytes32 channelId, uint256 steps) external returns (uint64 blocksOver) {
        (Channel storage one, ChannelTerms memory terms) = channelOf(channelId);
        blocksOver = uint64(moveOver(channelId, one, terms, steps));
    }

    function withdrawTogether(bytes32 channelId, uint256 amount, uint256 nonce, bytes[] calldata signatures)
        external
    {
        (Channel storage one, ChannelTerms memory terms) = channelOf(channelId);
        uint256 count = terms.participants.length;
        if (signatures.length != count) revert SignatureCountMismatch(signatures.length, count);
        if (nonce != one.withdrawalNonce) revert NonceWrong(one.withdrawalNonce, nonce);
        if (amount == 0) revert AmountZero();
        if (amount > one.deposit) revert DepositTooSmall(channelId, one.deposit, amount);
        bytes32 digest = _hashTypedDataV4(TypedData.withdrawalHash(channelId, amount, nonce));
        for (uint256 i = 0; i < count; i++) {
            requireSigned(terms.participants[i], digest, signatures[i]);
        }
        one.withdrawalNonce++;
        payOut(channelId, one, terms, amount);
    }

    function withdraw(address token, uint256 amount) external nonReentrant {
        uint256 balance = balances[token][msg.sender];
        if (amount == 0) revert AmountZero();
        if (amount > balance) revert BalanceTooSmall(token, msg.sender, balance, amount);
        balances[token][msg.sender] = balance - amount;
        emit Withdrawn(token, msg.sender, amount);
        if (token != address(0)) {
            IERC20(token).safeTransfer(msg.sender, amount);
            return;
        }
        (bool isSent,) = msg.sender.call{value: amount}("");
        if (!isSent) revert WeiTransferFailed(msg.sender, amount);
    }

    /// Pays what a final block owes: from the deposit if that suffices, otherwise as a debt that is served
    /// at once as far as the deposit goes. Returns the base units owed.
    function payBlock(
        bytes32 channelId,
        uint256 blockNumber,
        ChannelTerms memory terms,
        bytes32[] memory words
    ) internal returns (uint256 total) {
        uint256[] memory units;
        (units, total) = AmountWords.baseUnits(words, terms.participants.length, terms.tokenPerUnit);
        if (total == 0) return 0;
        Channel storage one = channels[channelId];
        if (one.debt == 0 && one.deposit >= total) {
            one.deposit -= total;
            for (uint256 i = 1; i < units.length; i++) {
                credit(terms.token, terms.participants[i], units[i]);
            }
            return total;
        }
        one.debt += total;
        uint256 word = blockNumber / BITS;
        one.debtBlocks[word] |= 1 << (blockNumber % BITS);
        if (word < one.debtWord) one.debtWord = uint16(word);
        serveDebts(channelId, one, terms, DEBTS_A_CALL);
    }

    /// Serves debts in block order until the deposit or `debtsMax` is used up.
    function serveDebts(bytes32 channelId, Channel storage one, ChannelTerms memory terms, uint256 debtsMax)
        private
    {
        for (uint256 i = 0; i < debtsMax && one.debt > 0 && one.deposit > 0; i++) {
            uint256 blockNumber = lowestDebt(one);
            if (!serveDebt(channelId, blockNumber, one, terms)) return;
            one.debtBlocks[blockNumber / BITS] &= ~(1 << (blockNumber % BITS));
        }
    }

    /// Serves one block's payees in proportion. What each has got is always floor(its units × served /
    /// total), so no rounding adds up and the last unit is paid with the last deposit. True if nothing is
    /// owed any more.
    function serveDebt(
        bytes32 channelId,
        uint256 blockNumber,
        Channel storage one,
        ChannelTerms memory terms
    ) private returns (bool) {
        Block storage stored = blocks[channelId][blockNumber];
        uint256 wordCount = AmountWords.countFor(terms.participants.length);
        bytes32[] memory words = wordsOf(standingResult(stored, stored.state), wordCount);
        (uint256[] memory units, uint256 total) =
            AmountWords.baseUnits(words, terms.participants.length, terms.tokenPerUnit);
        uint256 served = stored.debtServed;
        uint256 paid = 0;
        for (uint256 i = 1; i < units.length; i++) {
            paid += Math.mulDiv(units[i], served, total);
        }
        // From what was really paid, not from `served`: what rounding left over is still in the deposit.
        uint256 servedNow = Math.max(served, Math.min(total, paid + one.deposit));
        uint256 sum = 0;
        for (uint256 i = 1; i < units.length; i++) {
            uint256 more = Math.mulDiv(units[i], servedNow, total) - Math.mulDiv(units[i], served, total);
            credit(terms.token, terms.participants[i], more);
            sum += more;
        }
        stored.debtServed = servedNow;
        one.deposit -= sum;
        one.debt -= sum;
        emit DebtPaid(channelId, uint64(blockNumber), sum, total - paid - sum);
        return servedNow == total;
    }

    function lowestDebt(Channel storage one) private returns (uint256) {
        uint256 word = one.debtWord;
        while (one.debtBlocks[word] == 0) word++;
        one.debtWord = uint16(word);
        uint256 bits = one.debtBlocks[word];
        return word * BITS + Math.log2(bits & (~bits + 1));
    }

    function moveOver(bytes32 channelId, Channel storage one, ChannelTerms memory terms, uint256 steps)
        private
        returns (uint256 over)
    {
        over = one.blocksOver;
        uint256 end = one.blocksEnd;
        for (uint256 i = 0; i < steps && over < end; i++) {
            Stage now_ =
                BlockStages.stageOf(terms, over, end, blocks[channelId][over].state, block.timestamp);
            if (now_ != Stage.Settled && now_ != Stage.Void) break;
            over++;
        }
        one.blocksOver = uint24(over);
    }

    function payOut(bytes32 channelId, Channel storage one, ChannelTerms memory terms, uint256 amount)
        private
    {
        one.deposit -= amount;
        credit(terms.token, terms.participants[0], amount);
        emit WithdrawalExecuted(channelId, amount);
    }
}
