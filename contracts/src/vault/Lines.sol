// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ChannelTerms} from "../interfaces/ChannelTypes.sol";
import {IBlocks} from "../interfaces/IBlocks.sol";
import {IChannels} from "../interfaces/IChannels.sol";
import {IVault, LineFacts, Reason, TokenBook} from "../interfaces/IVault.sol";
import {SettlementMath} from "../lib/SettlementMath.sol";
import {Transfers} from "../lib/Transfers.sol";
import {Accounts} from "./Accounts.sol";

/// What a payer keeps for each payee: deposits, debts, withdrawals, releases, cover. Nothing is walked: a
/// line is one slot, a request is another, and how many blocks are not over is asked of Blocks.
abstract contract Lines is Accounts {
    struct Line {
        uint128 amount;
        uint128 debt;
    }

    struct Request {
        uint128 amount;
        uint40 since;
    }

    mapping(bytes32 channelId => mapping(uint256 payee => Line)) internal lines;
    mapping(bytes32 channelId => mapping(uint256 payee => Request)) private requests;

    /// @inheritdoc IVault
    function deposit(bytes32 channelId, uint8 payee, uint256 amount) external nonReentrant {
        Payee memory one = payeeOf(channelId, payee);
        uint64 closedAt = closingOf(channelId);
        if (closedAt != 0) revert ChannelAlreadyClosed(channelId, closedAt);
        uint256 received = take(one, amount);
        // Read after the token was called.
        Line memory held = lines[channelId][payee];
        uint256 most = type(uint128).max - held.amount;
        if (received > most) revert AmountTooLarge(received, most);
        held.amount += uint128(received);
        tell(one, NO_BLOCK, TokenBook.Outside, TokenBook.Line, received, Reason.Deposit);
        if (held.debt > 0) serve(one, held, startedLive(one));
        lines[channelId][payee] = held;
    }

    /// @inheritdoc IVault
    function requestWithdrawal(bytes32 channelId, uint8 payee, uint256 amount) external {
        Payee memory one = payeeOf(channelId, payee);
        requirePayer(one);
        uint256 held = lines[channelId][payee].amount;
        if (amount > held) revert LineTooSmall(channelId, payee, held, amount);
        requests[channelId][payee] = Request(uint128(amount), amount > 0 ? uint40(block.timestamp) : 0);
        emit WithdrawalRequested(channelId, one.account, amount);
    }

    /// @inheritdoc IVault
    function executeWithdrawal(bytes32 channelId, uint8 payee) external {
        Payee memory one = payeeOf(channelId, payee);
        uint256 asked = dueRequest(one);
        uint256 live = startedLive(one);
        Line memory held = lines[channelId][payee];
        if (held.debt > 0) serve(one, held, live);
        uint256 amount = SettlementMath.withdrawable(held.amount, held.debt, asked, one.blockMax, live);
        if (amount == 0) revert NothingFree(channelId, payee);
        lowerRequest(requests[channelId][payee], amount);
        held.amount -= uint128(amount);
        lines[channelId][payee] = held;
        credit(one, one.terms.participants[0], NO_BLOCK, TokenBook.Line, amount, Reason.WithdrawalExecuted);
    }

    /// @inheritdoc IVault
    function release(bytes32 channelId, uint256 amount) external {
        Payee memory one = callingPayee(channelId);
        if (amount == 0) revert AmountZero();
        uint256 held = lines[channelId][one.index].amount;
        if (amount > held) revert LineTooSmall(channelId, one.index, held, amount);
        lines[channelId][one.index].amount = uint128(held - amount);
        credit(one, one.terms.participants[0], NO_BLOCK, TokenBook.Line, amount, Reason.Released);
    }

    /// @inheritdoc IVault
    function payDebt(bytes32 channelId, uint8 payee, uint256 amount) external nonReentrant {
        Payee memory one = payeeOf(channelId, payee);
        uint256 owed = lines[channelId][payee].debt;
        if (owed == 0) revert DebtTooSmall(channelId, payee, 0, amount);
        uint256 received = take(one, amount < owed ? amount : owed);
        // Read after the token was called. No token gives more than was taken, but nothing hangs on that.
        uint256 debt = lines[channelId][payee].debt;
        if (received > debt) revert DebtTooSmall(channelId, payee, debt, received);
        lines[channelId][payee].debt = uint128(debt - received);
        credit(one, one.account, NO_BLOCK, TokenBook.Outside, received, Reason.DebtPaid);
    }

    /// @inheritdoc IVault
    function serveDebt(bytes32 channelId, uint8 payee) external {
        Payee memory one = payeeOf(channelId, payee);
        Line memory held = lines[channelId][payee];
        if (held.debt == 0) revert DebtTooSmall(channelId, payee, 0, 1);
        if (serve(one, held, startedLive(one)) == 0) revert NothingFree(channelId, payee);
        lines[channelId][payee] = held;
    }

    /// @inheritdoc IVault
    function cover(bytes32 channelId, uint64 blockNumber, uint8 payee) external view returns (uint256) {
        Payee memory one = payeeOf(channelId, payee);
        (,, uint64 blocksEnd) = IChannels(channels).standing(channelId);
        if (blockNumber >= blocksEnd) return 0;
        uint256 noticed = noticedBefore(one, blockNumber);
        uint256 live = liveBelow(one, blockNumber);
        Line memory held = lines[channelId][payee];
        return SettlementMath.cover(held.amount, held.debt, noticed, one.blockMax, live);
    }

    /// @inheritdoc IVault
    function line(bytes32 channelId, uint8 payee) external view returns (LineFacts memory) {
        Payee memory one = payeeOf(channelId, payee);
        Line memory held = lines[channelId][payee];
        Request memory request = requests[channelId][payee];
        return LineFacts(payee, held.amount, held.debt, request.amount, request.since, one.blockMax);
    }

    /// What could not be paid yet stays asked for, from when it was asked.
    function lowerRequest(Request storage request, uint256 paid) private {
        bool isPaid = request.amount <= paid;
        request.amount = isPaid ? 0 : request.amount - uint128(paid);
        if (isPaid) request.since = 0;
    }

    /// Takes tokens of msg.sender into the Vault; what arrives is measured.
    function take(Payee memory one, uint256 amount) private returns (uint256) {
        if (amount == 0) revert AmountZero();
        return Transfers.take(one.terms.token, amount);
    }

    /// Pays the debt as far as the line is free, in `held` and in the balance; the caller writes `held`.
    function serve(Payee memory one, Line memory held, uint256 live) private returns (uint256 served) {
        served = SettlementMath.servable(held.amount, held.debt, one.blockMax, live);
        if (served == 0) return 0;
        held.amount -= uint128(served);
        held.debt -= uint128(served);
        credit(one, one.account, NO_BLOCK, TokenBook.Line, served, Reason.DebtServed);
    }

    /// How much the payer may ask for now: what it requested in time, or all of a closed channel's line.
    function dueRequest(Payee memory one) private view returns (uint256) {
        if (closingOf(one.channelId) != 0) return type(uint128).max;
        Request memory request = requests[one.channelId][one.index];
        if (request.amount == 0) revert NothingRequested(one.channelId, one.index);
        uint256 neededUntil = uint256(request.since) + one.terms.withdrawalNotice;
        uint256 live = liveBelow(one, startedBy(one.terms, neededUntil - 1));
        if (live > 0) revert BlocksNotOver(one.channelId, live, neededUntil);
        return request.amount;
    }

    /// What is requested, if it was at least withdrawalNotice before the block starts.
    function noticedBefore(Payee memory one, uint256 blockNumber) private view returns (uint256) {
        Request memory request = requests[one.channelId][one.index];
        uint256 start = one.terms.firstBlockStart + blockNumber * one.terms.blockDuration;
        return uint256(request.since) + one.terms.withdrawalNotice <= start ? request.amount : 0;
    }

    function startedLive(Payee memory one) private view returns (uint256) {
        return liveBelow(one, startedBy(one.terms, block.timestamp));
    }

    function liveBelow(Payee memory one, uint256 blockNumber) private view returns (uint256) {
        return IBlocks(blocks).liveBefore(one.channelId, uint64(blockNumber));
    }

    function closingOf(bytes32 channelId) private view returns (uint64 closedAt) {
        (, closedAt,) = IChannels(channels).standing(channelId);
    }

    /// How many blocks have started at `time`, that of this very second included, if none is closed away.
    function startedBy(ChannelTerms memory terms, uint256 time) private pure returns (uint256) {
        if (time < terms.firstBlockStart) return 0;
        uint256 started = (time - terms.firstBlockStart) / terms.blockDuration + 1;
        return started < terms.blocksMax ? started : terms.blocksMax;
    }
}
