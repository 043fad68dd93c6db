// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {IHashedTimelock} from "./interfaces/IHashedTimelock.sol";
import {Transfers} from "./lib/Transfers.sol";

/// At any time, of every token: what this contract holds = amounts of open timelocks + balances.
contract HashedTimelock is IHashedTimelock, ReentrancyGuardTransient {
    /// A deadline beyond is a slip, such as milliseconds; it would keep the money for thousands of years.
    uint256 public constant DURATION_MAX = 366 days;

    mapping(bytes32 id => Timelock) private timelocks;
    mapping(address opener => uint256) private openedBy;
    /// @inheritdoc IHashedTimelock
    mapping(address token => mapping(address account => uint256)) public balanceOf;

    /// @inheritdoc IHashedTimelock
    function open(address receiver, bytes32 hashlock, uint64 deadline, address token, uint256 amount)
        external
        payable
        nonReentrant
        returns (bytes32 id)
    {
        if (receiver == address(0) || receiver == address(this)) revert ReceiverRefused(receiver);
        uint256 latest = block.timestamp + DURATION_MAX;
        if (deadline <= block.timestamp || deadline > latest) {
            revert DeadlineOutOfRange(deadline, block.timestamp + 1, latest);
        }
        uint256 received = take(token, amount);
        uint256 count = openedBy[msg.sender]++;
        id = keccak256(
            abi.encode(
                block.chainid,
                address(this),
                msg.sender,
                count,
                receiver,
                hashlock,
                deadline,
                token,
                received
            )
        );
        timelocks[id] =
            Timelock(msg.sender, deadline, State.Open, receiver, token, received, hashlock, bytes32(0));
        emit Opened(id, msg.sender, receiver, token, received, hashlock, deadline);
    }

    /// @inheritdoc IHashedTimelock
    function claim(bytes32 id, bytes32 preimage) external {
        Timelock storage one = openOne(id);
        if (block.timestamp >= one.deadline) revert DeadlinePassed(id, one.deadline);
        bytes32 hash = sha256(abi.encodePacked(preimage));
        if (hash != one.hashlock) revert PreimageWrong(one.hashlock, hash);
        one.state = State.Claimed;
        one.preimage = preimage;
        balanceOf[one.token][one.receiver] += one.amount;
        emit Claimed(id, one.receiver, one.token, one.amount, preimage);
    }

    /// @inheritdoc IHashedTimelock
    function refund(bytes32 id) external {
        Timelock storage one = openOne(id);
        if (block.timestamp < one.deadline) revert DeadlineNotReached(id, one.deadline);
        one.state = State.Refunded;
        balanceOf[one.token][one.opener] += one.amount;
        emit Refunded(id, one.opener, one.token, one.amount);
    }

    /// @inheritdoc IHashedTimelock
    function withdraw(address token, address to, uint256 amount) external nonReentrant {
        if (to == address(0) || to == address(this)) revert RecipientRefused(to);
        if (amount == 0) revert Transfers.AmountZero();
        uint256 balance = balanceOf[token][msg.sender];
        if (amount > balance) revert BalanceTooSmall(token, msg.sender, balance, amount);
        balanceOf[token][msg.sender] = balance - amount;
        emit Withdrawn(msg.sender, token, to, amount);
        Transfers.send(token, to, amount);
    }

    /// @inheritdoc IHashedTimelock
    function timelock(bytes32 id) external view returns (Timelock memory) {
        return timelocks[id];
    }

    function take(address token, uint256 amount) private returns (uint256) {
        uint256 expectedWei = token == address(0) ? amount : 0;
        if (msg.value != expectedWei) revert WeiMismatch(expectedWei, msg.value);
        if (token != address(0)) return Transfers.take(token, amount);
        if (amount == 0) revert Transfers.AmountZero();
        return amount;
    }

    function openOne(bytes32 id) private view returns (Timelock storage one) {
        one = timelocks[id];
        if (one.state == State.Unknown) revert UnknownTimelock(id);
        if (one.state != State.Open) revert TimelockOver(id, one.state);
    }
}
