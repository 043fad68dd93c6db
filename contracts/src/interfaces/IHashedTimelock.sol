// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// Conditional payments: until a deadline the receiver gets the money by whoever shows the preimage, from the
/// deadline on it goes back. Two of them under one hashlock, on two chains, are a swap that nobody can cheat in.
/// Token 0 is the chain's own coin. The end only credits a balance, which its owner pulls to any address: no
/// token and no contract that refuses money can stand in the way of a claim while its time runs out.
interface IHashedTimelock {
    enum State {
        Unknown,
        Open,
        Claimed,
        Refunded
    }

    struct Timelock {
        address opener;
        /// Seconds, chain time: before it the receiver's, from it on the opener's.
        uint64 deadline;
        State state;
        address receiver;
        address token;
        /// Base units, or wei: what arrived.
        uint256 amount;
        /// SHA-256 of a preimage of 32 bytes.
        bytes32 hashlock;
        /// Zero until it is claimed.
        bytes32 preimage;
    }

    event Opened(
        bytes32 indexed id,
        address indexed opener,
        address indexed receiver,
        address token,
        uint256 amount,
        bytes32 hashlock,
        uint64 deadline
    );
    /// The amount is now in the receiver's balance.
    event Claimed(
        bytes32 indexed id,
        address indexed receiver,
        address indexed token,
        uint256 amount,
        bytes32 preimage
    );
    /// The amount is now in the opener's balance.
    event Refunded(bytes32 indexed id, address indexed opener, address indexed token, uint256 amount);
    event Withdrawn(address indexed account, address indexed token, address indexed to, uint256 amount);

    /// Of an opening: the receiver is nobody, or this contract.
    error ReceiverRefused(address receiver);
    /// Of a withdrawal, likewise.
    error RecipientRefused(address to);
    error DeadlineOutOfRange(uint64 deadline, uint256 earliest, uint256 latest);
    error WeiMismatch(uint256 expected, uint256 given);
    error UnknownTimelock(bytes32 id);
    error TimelockOver(bytes32 id, State state);
    error PreimageWrong(bytes32 hashlock, bytes32 hash);
    error DeadlinePassed(bytes32 id, uint64 deadline);
    error DeadlineNotReached(bytes32 id, uint64 deadline);
    error BalanceTooSmall(address token, address account, uint256 balance, uint256 asked);

    /// Takes tokens that msg.sender approved, or exactly `amount` wei with token 0. The id follows from all of it
    /// and from the opener's own count, on this chain and contract: it never comes twice, and after a rollback it
    /// never means anything else.
    function open(address receiver, bytes32 hashlock, uint64 deadline, address token, uint256 amount)
        external
        payable
        returns (bytes32 id);

    /// Anyone, before the deadline: credits the receiver and keeps the preimage for the other chain to see.
    function claim(bytes32 id, bytes32 preimage) external;

    /// Anyone, from the deadline on: credits the opener.
    function refund(bytes32 id) external;

    /// Of msg.sender's balance, to any address.
    function withdraw(address token, address to, uint256 amount) external;

    /// All zero, with State.Unknown, for an id that was never given.
    function timelock(bytes32 id) external view returns (Timelock memory);

    function balanceOf(address token, address account) external view returns (uint256);
}
