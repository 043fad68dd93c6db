// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {IVault, Reason, TokenBook, WeiBook, WeiMove} from "../interfaces/IVault.sol";
import {Transfers} from "../lib/Transfers.sol";
import {VaultStore} from "./VaultStore.sol";

/// What is an account's alone: balances of tokens, and wei in three books that share one slot. Wei comes in
/// by depositWei and goes out by withdraw, everything else is moved inside.
abstract contract Accounts is VaultStore, ReentrancyGuardTransient {
    /// An account's books while moves are made; written back once it is out of use.
    struct Open {
        bool isLoaded;
        address account;
        uint256 books;
    }

    uint256 private constant BOOK_BITS = 85;
    uint256 private constant BOOK_MAX = 2 ** BOOK_BITS - 1;

    /// Free lowest, then Stake, then Locked, BOOK_BITS each.
    mapping(address account => uint256) private weiBooks;

    /// @inheritdoc IVault
    function withdraw(address token, address to, uint256 amount) external nonReentrant {
        if (amount == 0) revert AmountZero();
        if (to == address(0) || to == address(this)) revert RecipientRefused(to);
        uint256 balance = balanceOf(token, msg.sender);
        if (amount > balance) revert BalanceTooSmall(token, msg.sender, balance, amount);
        if (token == address(0)) {
            weiBooks[msg.sender] -= amount;
            emit WeiMoved(
                0, msg.sender, to, NO_BLOCK, WeiBook.Free, WeiBook.Outside, amount, Reason.Withdraw
            );
        } else {
            balances[token][msg.sender] = balance - amount;
            emit TokenMoved(
                0,
                msg.sender,
                token,
                NO_BLOCK,
                TokenBook.Balance,
                TokenBook.Outside,
                amount,
                Reason.Withdraw
            );
        }
        Transfers.send(token, to, amount);
    }

    /// @inheritdoc IVault
    function depositWei(address account) external payable {
        if (msg.value == 0) revert AmountZero();
        // As long as all wei together fits into one book, no book is ever full: nobody can keep a block from
        // being settled by filling an account that it would have to credit.
        if (address(this).balance > BOOK_MAX) revert WeiBookFull(account, WeiBook.Free);
        weiBooks[account] += msg.value;
        emit WeiMoved(
            0, msg.sender, account, NO_BLOCK, WeiBook.Outside, WeiBook.Free, msg.value, Reason.Deposit
        );
    }

    /// @inheritdoc IVault
    function moveWei(bytes32 channelId, uint64 blockNumber, WeiMove[] calldata moves) external {
        requireMover();
        Open memory giver;
        Open memory taker;
        for (uint256 i = 0; i < moves.length; i++) {
            WeiMove memory one = moves[i];
            // Who took last may give now: bonds come back and go on in consecutive moves.
            if (!isOpen(giver, one.from)) (giver, taker) = (taker, giver);
            open(giver, one.from);
            requireHeld(giver, one);
            uint256 added = uint256(one.amount) << shiftOf(one.toBook);
            giver.books -= uint256(one.amount) << shiftOf(one.fromBook);
            if (one.to == one.from) {
                giver.books += added;
            } else {
                open(taker, one.to);
                taker.books += added;
            }
            tellMove(channelId, blockNumber, one);
        }
        close(giver);
        close(taker);
    }

    /// @inheritdoc IVault
    function balanceOf(address token, address account) public view returns (uint256) {
        return token == address(0) ? heldIn(weiBooks[account], WeiBook.Free) : balances[token][account];
    }

    /// @inheritdoc IVault
    function weiOf(address account) external view returns (uint256 free, uint256 stake, uint256 locked) {
        uint256 books = weiBooks[account];
        free = heldIn(books, WeiBook.Free);
        stake = heldIn(books, WeiBook.Stake);
        locked = heldIn(books, WeiBook.Locked);
    }

    function requireMover() private view {
        bool isMover = msg.sender == blocks || msg.sender == validatorRegistry || msg.sender == adjudicator
            || msg.sender == questions || msg.sender == panel;
        if (!isMover) revert NotAllowed(msg.sender);
    }

    function requireHeld(Open memory giver, WeiMove memory one) private pure {
        // Outside holds nothing and takes nothing.
        uint256 held = one.fromBook == WeiBook.Outside ? 0 : heldIn(giver.books, one.fromBook);
        if (one.fromBook == WeiBook.Outside || held < one.amount) {
            revert WeiTooLittle(one.from, one.fromBook, held, one.amount);
        }
        if (one.toBook == WeiBook.Outside) revert WeiBookFull(one.to, WeiBook.Outside);
    }

    function tellMove(bytes32 channelId, uint64 blockNumber, WeiMove memory one) private {
        emit WeiMoved(
            channelId, one.from, one.to, blockNumber, one.fromBook, one.toBook, one.amount, one.reason
        );
    }

    function open(Open memory one, address account) private {
        if (isOpen(one, account)) return;
        close(one);
        one.isLoaded = true;
        one.account = account;
        one.books = weiBooks[account];
    }

    function close(Open memory one) private {
        if (one.isLoaded) weiBooks[one.account] = one.books;
    }

    function isOpen(Open memory one, address account) private pure returns (bool) {
        return one.isLoaded && one.account == account;
    }

    function heldIn(uint256 books, WeiBook book) private pure returns (uint256) {
        return (books >> shiftOf(book)) & BOOK_MAX;
    }

    function shiftOf(WeiBook book) private pure returns (uint256) {
        return BOOK_BITS * (uint256(book) - uint256(WeiBook.Free));
    }
}
